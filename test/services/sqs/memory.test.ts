import { topic } from "./fixture.ts";
import type { StorePlace } from "./fixture.ts";
import { quotas } from "./quotas.ts";
import { sqsSuite } from "./suite.ts";

const place: StorePlace = { choice: { kind: "memory" }, remove: async () => {} };

sqsSuite("memory", async () => place);

// Rates are counted by the process, whatever the store.
topic("SQS with quotas", async () => ({ place, enforceQuotas: true }), quotas);
