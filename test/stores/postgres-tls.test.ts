import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { TestContext } from "node:test";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import { encodeKey } from "../../src/kernel/tuple.ts";
import { systemRandom } from "../../src/random.ts";
// The maker of certificates that the repository has; it names a host by its common name.
import { selfSignedCertificate } from "../../src/services/sns/signing/certificate.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStore } from "../../src/stores/postgres/store.ts";
import { startProxy } from "./cutting-proxy.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";

interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate, valid today, that is its own authority. */
function identityOf(commonName: string): Identity {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const dayMs = 86_400_000;
  return {
    certificate: selfSignedCertificate(privateKey, {
      commonName,
      serialNumber: systemRandom().bytes(8),
      fromMs: Date.now() - dayMs,
      untilMs: Date.now() + dayMs,
    }),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

describe("TLS to PostgreSQL", () => {
  let folder: string;
  let secure: PostgresServer;
  let plain: PostgresServer;
  let authority: string;
  let otherAuthority: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-tls-"));
    authority = join(folder, "authority.pem");
    otherAuthority = join(folder, "other.pem");
    const identity = identityOf("localhost");
    await writeFile(authority, identity.certificate);
    await writeFile(otherAuthority, identityOf("localhost").certificate);
    [secure, plain] = await Promise.all([startPostgres({ tls: identity }), startPostgres()]);
  });
  after(async () => {
    await Promise.all([secure.remove(), plain.remove()]);
    await rm(folder, { recursive: true });
  });

  const open = async (t: TestContext, port: number, query: string): Promise<PostgresStore> => {
    const url = `postgres://postgres@localhost:${port}/postgres?${query}`;
    const store = await openPostgresStore({ url, random: systemRandom() });
    t.after(() => store.close());
    return store;
  };
  const refused = (opening: Promise<unknown>, words: RegExp): Promise<void> =>
    assert.rejects(opening, (error) => {
      assert.ok(error instanceof StoreUnavailable, String(error));
      assert.match(error.message, words);
      return true;
    });
  const KEY = encodeKey(7, ["x"]);

  test("sslmode=verify-full with the server's authority: everything passes encrypted", async (t) => {
    let seen = "";
    const proxy = await startProxy(secure.port, (packet) => {
      seen += packet.toString("latin1");
      return "pass";
    });
    t.after(() => proxy.close());
    const store = await open(t, proxy.port, `sslmode=verify-full&sslrootcert=${authority}`);
    const secret = "nobody may read this on its way";
    await store.transact(async (tx) => tx.put(KEY, Buffer.from(secret)));
    const value = await store.read((reader) => reader.get(KEY));
    assert.equal(Buffer.from(value ?? []).toString(), secret);
    assert.ok(!seen.includes(secret));
    assert.ok(!seen.includes("commit_group"));
  });

  test("connections that are cut under TLS are made anew", async (t) => {
    const proxy = await startProxy(secure.port, () => "pass");
    t.after(() => proxy.close());
    const store = await open(t, proxy.port, `sslmode=verify-full&sslrootcert=${authority}`);
    for (let round = 0; round < 3; round += 1) {
      await store.transact(async (tx) => tx.put(KEY, Buffer.from(String(round))));
      proxy.cutAll();
    }
    const value = await store.read((reader) => reader.get(KEY));
    assert.equal(Buffer.from(value ?? []).toString(), "2");
  });

  test("another authority is refused in a sentence that says what to look at", async (t) => {
    await refused(
      open(t, secure.port, `sslmode=verify-full&sslrootcert=${otherAuthority}`),
      /certificate.*sslrootcert/,
    );
    await refused(open(t, secure.port, "sslmode=verify-full"), /certificate.*sslrootcert/);
  });

  test("another host name than the certificate's is refused", async () => {
    const url = `postgres://postgres@127.0.0.1:${secure.port}/postgres?sslmode=verify-full&sslrootcert=${authority}`;
    await refused(openPostgresStore({ url, random: systemRandom() }), /does not match certificate/);
  });

  test("an authority's file that is not there is named", async (t) => {
    const missing = join(folder, "missing.pem");
    await refused(
      open(t, secure.port, `sslmode=verify-full&sslrootcert=${missing}`),
      /missing\.pem/,
    );
  });

  test("a server without TLS is refused where TLS was asked for", async (t) => {
    await refused(
      open(t, plain.port, `sslmode=verify-full&sslrootcert=${authority}`),
      /does not support SSL/,
    );
  });

  test("a server that has TLS serves those who do not ask for it [pg_hba.conf decides]", async (t) => {
    const store = await open(t, secure.port, "schema=plain");
    await store.check();
  });
});
