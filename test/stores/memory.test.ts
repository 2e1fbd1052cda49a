import { memoryStore } from "../../src/stores/memory.ts";
import { storeSuite } from "./suite.ts";

storeSuite("memory", async () => {
  const store = memoryStore();
  return { store, cleanup: () => store.close() };
});
