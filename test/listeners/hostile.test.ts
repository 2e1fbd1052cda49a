import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseHead } from "../../src/listeners/http-parser.ts";
import { seeded } from "../seed.ts";
import { exchange, listen, post, RawClient } from "./raw-client.ts";

const { seed } = seeded();
const RUNS = 150;

/** Pieces that requests are made of, so that random bytes come near to being HTTP. */
const piece = fc.oneof(
  fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    "POST /x HTTP/1.1\r\n",
    "Host: h\r\n",
    "Content-Length: 3\r\n",
    "content-length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "Content-Encoding: gzip\r\n",
    "Upgrade: websocket\r\n",
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    ":",
    "3\r\nabc\r\n",
    "0\r\n\r\n",
    "abc",
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const hostile = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

test(`hostile bytes end in an answer or a closed connection, never in a 5xx or a hang (seed ${seed})`, async () => {
  await using listener = await listen(undefined, {
    limits: { sweepMs: 5, headMs: 20, bodyMs: 40, bodyPauseMs: 20, idleMs: 40, answerMs: 20 },
  });
  const property = fc.asyncProperty(hostile, async (bytes) => {
    using client = new RawClient(listener.port);
    client.socket.end(Buffer.from(bytes, "latin1"));
    await client.ended;
    assert.doesNotMatch(client.read, /^HTTP\/1\.1 5/m);
  });
  await fc.assert(property, { seed, numRuns: RUNS });
  assert.equal((await exchange(listener.port, post("alive"))).body, "POST /p q alive");
});

test(`what the plain parser takes, it takes as it was meant (seed ${seed})`, () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
  const value = fc.stringMatching(/^[\x21-\x7e]{0,20}$/);
  const header = fc.tuple(token, value);
  const property = fc.property(
    fc.array(header, { maxLength: 8 }),
    fc.nat(1e6),
    (headers, length) => {
      const lines = headers.map(([name, text]) => `x-${name}: ${text}\r\n`).join("");
      const head = parseHead(
        `PUT /a%20b?c=d HTTP/1.1\r\nhOST:h\r\n${lines}content-LENGTH: \t${length} \r\n`,
      );
      assert.equal(head?.contentLength, length);
      assert.equal(head.method, "PUT");
      assert.equal(head.path, "/a%20b");
      assert.equal(head.query, "c=d");
    },
  );
  fc.assert(property, { seed });
});
