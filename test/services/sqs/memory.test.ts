import { sqsSuite } from "./suite.ts";

sqsSuite("memory", async () => ({ choice: { kind: "memory" }, remove: async () => {} }));
