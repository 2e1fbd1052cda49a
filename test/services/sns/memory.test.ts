import { snsSuite } from "./suite.ts";

snsSuite("memory", async () => ({ choice: { kind: "memory" }, remove: async () => {} }));
