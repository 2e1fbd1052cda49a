import { after, before } from "node:test";
import { systemRandom } from "../../src/random.ts";
import type { Store } from "../../src/kernel/store.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { storeSuite } from "./suite.ts";
import type { OpenedStore } from "./suite.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.remove());

const random = systemRandom();
let schemas = 0;

storeSuite("postgres", () => openNodes(1));
storeSuite("postgres with three nodes", () => openNodes(3));

/** As many nodes as asked for on a schema of their own, behind one store. */
async function openNodes(count: number): Promise<OpenedStore> {
  schemas += 1;
  const options = { url: server.url, schema: `suite ${schemas}`, random };
  const openAll = async (): Promise<Store> => {
    const nodes: Store[] = [];
    for (let node = 0; node < count; node += 1) nodes.push(await openPostgresStore(options));
    return spread(nodes);
  };
  let store = await openAll();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openAll();
      return store;
    },
    cleanup: () => store.close(),
  };
}

/** A store whose transactions and reads go to the nodes in turn; wake-ups are heard on the first. */
function spread(nodes: readonly Store[]): Store {
  let turn = 0;
  const next = (): Store => {
    turn += 1;
    const node = nodes[turn % nodes.length];
    if (node === undefined) throw new Error("there are no nodes");
    return node;
  };
  const [first = next()] = nodes;
  return {
    transact: (body) => next().transact(body),
    read: (body) => next().read(body),
    onWake: (listener) => first.onWake(listener),
    clear: (kept) => first.clear(kept),
    check: () => next().check(),
    close: async () => void (await Promise.all(nodes.map((node) => node.close()))),
  };
}
