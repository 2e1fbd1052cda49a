import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import type { Settings } from "../src/kernel/operation.ts";
import { Outbound, refusedAddress } from "../src/outbound.ts";
import type { Resolve } from "../src/outbound.ts";
import { HttpSender } from "../src/services/sns/delivery/http-sender.ts";
import { invokeHttp } from "../src/services/stepfunctions/integrations/http.ts";

const METADATA = "169.254.169.254";
const LOOPBACK = "127.0.0.1";

/** A resolver whose answers change, and how often it was asked. */
class Rebinding {
  asked = 0;
  readonly #answers: readonly (readonly string[])[];

  constructor(...answers: readonly (readonly string[])[]) {
    this.#answers = answers;
  }

  readonly resolve: Resolve = (_hostname, _options, done) => {
    const addresses = this.#answers[this.asked] ?? [];
    this.asked += 1;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
}

/** A server on loopback that ends every connection, so that each request looks the name up again. */
async function withServer(body: (url: URL, seen: string[]) => Promise<void>): Promise<void> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host}`);
    response.writeHead(200, { connection: "close" }).end("fine");
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await body(new URL(`http://name.example:${port}/`), seen);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function outboundTo(names: Rebinding, allowMetadataAddresses: boolean): Outbound {
  return new Outbound({ allowMetadataAddresses, resolve: names.resolve, connectTimeoutMs: 500 });
}

async function ask(outbound: Outbound, url: URL): Promise<string> {
  return (await outbound.request(url, { method: "GET" })).body.text();
}

describe("instance metadata", () => {
  test("a name that changes to its address is refused at the connection", async () => {
    await withServer(async (url, seen) => {
      const names = new Rebinding([LOOPBACK], [METADATA]);
      const outbound = outboundTo(names, false);
      assert.equal(await ask(outbound, url), "fine");
      const error = await ask(outbound, url).catch((thrown: unknown) => thrown);
      assert.equal(refusedAddress(error), METADATA);
      // Once per connection: what was checked is what the socket went to.
      assert.equal(names.asked, 2);
      assert.equal(seen.length, 1);
    });
  });

  test("a name is refused if any of its addresses is", async () => {
    const others = ["fd00:ec2::254", "fe80::1", "100.100.100.200", "64:ff9b::a9fe:a9fe"];
    for (const bad of [METADATA, `::ffff:${METADATA}`, ...others, "64:ff9b::6464:64c8"]) {
      const outbound = outboundTo(new Rebinding([LOOPBACK, bad]), false);
      const error = await ask(outbound, new URL("http://name.example/")).catch(
        (thrown: unknown) => thrown,
      );
      assert.equal(refusedAddress(error), bad);
    }
  });

  test("an address in the URL itself is refused, however it is written", async () => {
    for (const host of [METADATA, `${METADATA}.`, "2852039166", "[fd00:ec2::254]"]) {
      const outbound = outboundTo(new Rebinding(), false);
      const error = await ask(outbound, new URL(`http://${host}/`)).catch(
        (thrown: unknown) => thrown,
      );
      assert.ok(refusedAddress(error), host);
    }
  });

  test("a name may stand for its address where that is allowed", async () => {
    const names = new Rebinding([LOOPBACK, METADATA]);
    await withServer(async (url) => {
      const answer = await outboundTo(names, true).request(url, { method: "GET" });
      assert.equal(await answer.body.text(), "fine");
    });
  });

  test("a web hook whose name changes to its address gets nothing", async () => {
    await withServer(async (url, seen) => {
      const outbound = outboundTo(new Rebinding([LOOPBACK], [METADATA]), false);
      const sender = new HttpSender(outbound, { timeoutMs: 5_000, allowForeignRedirects: false });
      const post = (): Promise<object> =>
        sender.post({ url: url.href, headers: {}, body: "m" }, new AbortController().signal);
      assert.deepEqual(await post(), { kind: "delivered", statusCode: 200, response: "fine" });
      assert.deepEqual(await post(), {
        kind: "failed",
        isPermanent: true,
        code: "AddressRefused",
        message: `${METADATA} is an address of instance metadata; web hooks may not reach it`,
      });
      assert.deepEqual(seen, [`POST ${url.host}`]);
    });
  });

  test("an HTTP task whose name changes to its address asks nothing", async () => {
    await withServer(async (url, seen) => {
      const outbound = outboundTo(new Rebinding([LOOPBACK], [METADATA]), false);
      const settings: Settings = {
        enforceQuotas: false,
        publicUrl: () => "http://localhost",
        defaultRegion: "us-east-1",
        option: () => undefined,
      };
      const invoke = (): Promise<unknown> =>
        invokeHttp(
          { outbound, settings },
          { arguments: { ApiEndpoint: url.href, Method: "GET" }, region: "us-east-1" },
          { signal: new AbortController().signal },
        );
      assert.equal(Object(await invoke()).ResponseBody, "fine");
      await assert.rejects(invoke(), {
        failure: {
          error: "States.Http.Socket",
          cause: `${METADATA} is an address of instance metadata, which no task may ask`,
        },
      });
      assert.deepEqual(seen, [`GET ${url.host}`]);
    });
  });
});

test("a redirect is an answer, not followed", async () => {
  const server = createServer((_request, response) =>
    response.writeHead(302, { location: `http://${METADATA}/` }).end(),
  );
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const url = new URL(`http://${LOOPBACK}:${port}/`);
    const outbound = new Outbound({ allowMetadataAddresses: false });
    const answer = await outbound.request(url, { method: "GET" });
    await answer.body.dump();
    assert.equal(answer.statusCode, 302);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
