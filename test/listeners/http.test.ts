import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { HttpHandler } from "../../src/wire/http.ts";
import { exchange, listen, post, RawClient } from "./raw-client.ts";

test("a plain request is answered in one piece [RFC 9112, 2.1]", async () => {
  await using listener = await listen();
  const answer = await exchange(listener.port, post("hello"));
  assert.equal(answer.status, 200);
  assert.equal(answer.body, "POST /p q hello");
  assert.match(answer.head, /^date: \w{3}, \d\d \w{3} \d{4} /m);
});

test("a request split at any byte is the same request", async () => {
  await using listener = await listen();
  const bytes = Buffer.from(post("split me", "X-Some: thing\r\n"), "latin1");
  const splits = Array.from(bytes.keys()).slice(1);
  const bodies = await Promise.all(
    splits.map(async (at) => {
      using client = new RawClient(listener.port);
      await client.writeAlone(bytes.subarray(0, at));
      client.write(bytes.subarray(at));
      return (await client.answers(1))[0]?.body;
    }),
  );
  assert.deepEqual(new Set(bodies), new Set(["POST /p q split me"]));
});

test("pipelined requests are answered in order, whatever each takes [RFC 9112, 9.3.2]", async () => {
  let turn = 0;
  await using listener = await listen(async (request) => {
    // The first takes longest.
    for (let wait = 20 - turn++; wait > 0; wait -= 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return { status: 200, headers: {}, body: request.path };
  });
  using client = new RawClient(listener.port);
  const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
  client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`).join(""));
  const answers = await client.answers(20);
  assert.deepEqual(
    answers.map((answer) => answer.body),
    paths,
  );
});

test("more pipelined requests than are kept wait at the client, and none is lost", async () => {
  await using listener = await listen(undefined, { limits: { pipelinedBytes: 2_000 } });
  using client = new RawClient(listener.port);
  const count = 2_000;
  client.write(post("x".repeat(100)).repeat(count));
  assert.equal((await client.answers(count)).length, count);
});

test("a plain request after one for node:http, on the same connection, is answered", async () => {
  await using listener = await listen();
  using client = new RawClient(listener.port);
  const chunked =
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  client.write(post("first") + chunked + post("last"));
  const answers = await client.answers(3);
  assert.deepEqual(
    answers.map((answer) => answer.body),
    ["POST /p q first", "POST /c  hello", "POST /p q last"],
  );
});

test("Expect: 100-continue is told to continue before it sends its body [RFC 9110, 10.1.1]", async () => {
  await using listener = await listen();
  using client = new RawClient(listener.port);
  client.write("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  while (!client.read.includes("100 Continue"))
    await new Promise((resolve) => setImmediate(resolve));
  client.write("ok");
  assert.equal((await client.answers(1))[0]?.body, "POST /  ok");
});

test("Expect: 100-continue of too large a body is refused before it is sent", async () => {
  await using listener = await listen(undefined, { limits: { bodyBytes: 10 } });
  const head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n";
  assert.equal((await exchange(listener.port, head)).status, 413);
});

test("a gzip body arrives unpacked; one that unpacks to too much, or is none, is refused", async () => {
  await using listener = await listen(undefined, { limits: { bodyBytes: 1_000 } });
  const send = (body: Buffer): Promise<{ status: number; body: string }> => {
    const head = `POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
    return exchange(listener.port, Buffer.concat([Buffer.from(head), body]));
  };
  assert.equal((await send(gzipSync("packed"))).body, "POST /  packed");
  assert.equal((await send(gzipSync(Buffer.alloc(100_000)))).status, 413);
  assert.equal((await send(Buffer.from("no gzip"))).status, 400);
});

test("a body over the limit is refused, by its length or as it comes [RFC 9110, 15.5.14]", async () => {
  await using listener = await listen(undefined, {
    bodyLimit: (request) => (request.path === "/large" ? 100 : 10),
  });
  assert.equal((await exchange(listener.port, post("12345678901"))).status, 413);
  assert.equal((await exchange(listener.port, post("1234567890"))).status, 200);
  const head = "POST /small HTTP/1.1\r\nHost: h\r\n";
  assert.equal(
    (await exchange(listener.port, `${head}Content-Length: 9999999\r\n\r\n`)).status,
    413,
  );
  assert.equal(
    (await exchange(listener.port, `${head}Content-Length: 99999999999\r\n\r\n`)).status,
    413,
  );
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n`;
  assert.equal((await exchange(listener.port, chunked)).status, 413);
  const large = `POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n${"x".repeat(100)}`;
  assert.equal((await exchange(listener.port, large)).status, 200);
});

test("a head over its limit is refused, whole or without an end [RFC 6585, 5]", async () => {
  await using listener = await listen();
  const long = "x".repeat(33 * 1024);
  assert.equal((await exchange(listener.port, post("", `X-Long: ${long}\r\n`))).status, 431);
  assert.equal((await exchange(listener.port, `GET /${long}`)).status, 431);
  const fits = "x".repeat(31 * 1024);
  assert.equal((await exchange(listener.port, post("", `X-Long: ${fits}\r\n`))).status, 200);
});

const REFUSED: Readonly<Record<string, string>> = {
  "length and chunked together": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "two lengths": "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
  "a list of lengths": "Content-Length: 5, 5\r\n\r\nhello",
  "a signed length": "Content-Length: +5\r\n\r\nhello",
  "a hexadecimal length": "Content-Length: 0x5\r\n\r\nhello",
  "a length with a space": "Content-Length: 5 5\r\n\r\nhello",
  "an empty length": "Content-Length:\r\n\r\n",
  "a space before the colon": "Content-Length : 5\r\n\r\nhello",
  "a folded header": "X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello",
  "a header without a name": ": b\r\n\r\n",
  "a header without a colon": "X-A\r\n\r\n",
  "a bare CR in a value": "X-A: b\rContent-Length: 5\r\n\r\n",
  "a NUL in a value": "X-A: b\0\r\n\r\n",
  "an odd character in a name": "X{A}: b\r\n\r\n",
  "chunked that is not last": "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
  "an unknown transfer encoding": "Transfer-Encoding: cow\r\n\r\n",
  "a chunk without a length": "Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n",
  "two hosts": "Host: other\r\n\r\n",
};

for (const [what, rest] of Object.entries(REFUSED)) {
  test(`${what} is refused, and what follows is no request [RFC 9112, 11.2]`, async () => {
    const paths: string[] = [];
    await using listener = await listen(async (request) => {
      paths.push(request.path);
      return { status: 200, headers: {}, body: "" };
    });
    using client = new RawClient(listener.port);
    client.write(
      `POST /first HTTP/1.1\r\nHost: h\r\n${rest}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    );
    const [answer] = await client.answers(1);
    assert.equal(answer?.status, 400);
    await client.ended;
    assert.deepEqual(paths, []);
  });
}

test("a request without a host is refused [RFC 9112, 3.2]", async () => {
  await using listener = await listen();
  assert.equal((await exchange(listener.port, "GET / HTTP/1.1\r\n\r\n")).status, 400);
});

test("bare line feeds, other versions and no HTTP at all are refused at once", async () => {
  await using listener = await listen();
  for (const bytes of [
    "GET / HTTP/1.1\nHost: h\nX: \x01\n\n",
    "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    "GET / http/1.1\r\nHost: h\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GE T / HTTP/1.1\r\nHost: h\r\n\r\n",
    "get / HTTP/1.1\r\nHost: h\r\n\r\n",
  ]) {
    assert.equal((await exchange(listener.port, bytes)).status, 400, JSON.stringify(bytes));
  }
});

test("an answer to HEAD has no body but its length [RFC 9110, 9.3.2]", async () => {
  await using listener = await listen();
  using client = new RawClient(listener.port);
  client.write("HEAD /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  await client.ended;
  assert.match(client.read, /content-length: 9\r\n/);
  assert.ok(client.read.endsWith("\r\n\r\n"));
});

test("Connection: close is honoured and said [RFC 9112, 9.6]", async () => {
  await using listener = await listen();
  using client = new RawClient(listener.port);
  client.write(post("bye", "Connection: close\r\n") + post("not any more"));
  await client.ended;
  const answers = await client.answers(1);
  assert.equal(answers.length, 1);
  assert.match(answers[0]?.head ?? "", /^connection: close/im);
});

test("a client that sends and shuts its side still gets its answer", async () => {
  await using listener = await listen();
  using client = new RawClient(listener.port);
  client.socket.end(post("half"));
  assert.equal((await client.answers(1))[0]?.body, "POST /p q half");
  await client.ended;
});

const CHUNKED = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

/** Waits until its signal aborts. */
const patient: HttpHandler = async (request) => {
  const { signal } = request;
  if (!signal.aborted) {
    await new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    );
  }
  return { status: 200, headers: {}, body: "nothing came" };
};

for (const [what, request] of Object.entries({ plain: post(""), chunked: CHUNKED })) {
  test(`a wait ends when its client leaves: ${what}`, async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    await using listener = await listen(async (asked) => {
      const answer = patient(asked);
      arrive();
      await answer;
      end();
      return answer;
    });
    using client = new RawClient(listener.port);
    client.write(request);
    await arrived;
    client.socket.destroy();
    await ended;
  });

  test(`a stop ends waits with their answer and closes: ${what}`, async () => {
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    await using listener = await listen((asked) => {
      arrive();
      return patient(asked);
    });
    using client = new RawClient(listener.port);
    using idle = new RawClient(listener.port);
    client.write(request);
    await arrived;
    await listener.stop();
    const [answer] = await client.answers(1);
    assert.equal(answer?.body, "nothing came");
    assert.match(answer?.head ?? "", /^connection: close/im);
    await idle.ended;
  });
}

test("a stop does not wait for what never ends", async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  await using listener = await listen(
    () => {
      arrive();
      return new Promise(() => {});
    },
    { limits: { stopMs: 30 } },
  );
  using client = new RawClient(listener.port);
  client.write(post(""));
  await arrived;
  await listener.stop();
  await client.ended;
});

test("a failing handler is a 500 that tells only the log why", async () => {
  const logged: unknown[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (...entry: unknown[]) => logged.push(entry),
  };
  await using listener = await listen(
    async () => {
      throw new Error("a secret");
    },
    { log },
  );
  const answer = await exchange(listener.port, post(""));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.head + answer.body, /secret/);
  assert.equal(logged.length, 1);
});

test("a limit that fails is the default limit", async () => {
  await using listener = await listen(undefined, {
    limits: { bodyBytes: 10 },
    bodyLimit: () => {
      throw new Error("no limit");
    },
  });
  assert.equal((await exchange(listener.port, post("1234567890"))).status, 200);
  assert.equal((await exchange(listener.port, post("12345678901"))).status, 413);
});

test("what a handler puts in a header stays in it", async () => {
  await using listener = await listen(async () => ({
    status: 200,
    headers: { "x-name": `a\r\nx-other: b ${String.fromCharCode(0xd800)} \u00e9` },
    body: "",
  }));
  for (const request of [post(""), CHUNKED]) {
    const answer = await exchange(listener.port, request);
    assert.equal(answer.status, 200);
    assert.doesNotMatch(answer.head, /^x-other/m);
  }
});

const SHORT = { sweepMs: 5, idleMs: 20, headMs: 20, bodyMs: 60, bodyPauseMs: 20, answerMs: 20 };

for (const [what, bytes] of Object.entries({
  "nothing was sent": "",
  "the head never ends": "POST / HTTP/1.1\r\nHost: h\r\n",
  "the body never ends": "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel",
  "the chunks never end":
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
  "no request follows": post("one"),
})) {
  test(`a connection is closed in time when ${what}`, async () => {
    await using listener = await listen(undefined, { limits: SHORT });
    using client = new RawClient(listener.port);
    if (bytes !== "") client.write(bytes);
    await client.ended;
  });
}

for (const [kind, bytes] of [
  ["plain", post("")],
  ["chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
] as const) {
  test(`a client that does not read its answer is cut off (${kind})`, async () => {
    const body = "x".repeat(32 * 1024 * 1024);
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => void (answer = resolve));
    const handler: HttpHandler = async ({ path }) => {
      if (path === "/next") return { status: 200, headers: {}, body: "" };
      answer();
      return { status: 200, headers: {}, body };
    };
    await using listener = await listen(handler, { limits: { ...SHORT, connections: 1 } });
    using client = new RawClient(listener.port);
    client.socket.pause();
    client.write(bytes);
    await answered;
    await placeIsFree(listener.port);
    client.socket.resume();
    await client.ended;
    assert.ok(client.read.length < body.length);
  });
}

test("connections over the limit are closed at once, and their places are free again", async () => {
  await using listener = await listen(undefined, { limits: { connections: 2 } });
  using first = new RawClient(listener.port);
  using second = new RawClient(listener.port);
  first.write(post("1"));
  second.write("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  await Promise.all([first.answers(1), second.answers(1)]);
  using third = new RawClient(listener.port);
  await third.ended;
  first.socket.destroy();
  second.socket.destroy();
  await placeIsFree(listener.port);
});

/** Resolves when a listener that had no place for another connection has one again. */
async function placeIsFree(port: number): Promise<void> {
  for (;;) {
    using next = new RawClient(port);
    next.write("GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
    const answers = await next.answers(1).catch(() => []);
    if (answers.length > 0) return;
  }
}

test("a large request that follows one which is being answered is read to its end", async () => {
  let end = (): void => {};
  const first = new Promise<void>((resolve) => void (end = resolve));
  await using listener = await listen(
    async (request) => {
      if (request.path === "/first") await first;
      return { status: 200, headers: {}, body: String(request.body.length) };
    },
    { limits: { pipelinedBytes: 10_000 } },
  );
  using client = new RawClient(listener.port);
  await client.writeAlone(Buffer.from("GET /first HTTP/1.1\r\nHost: h\r\n\r\n"));
  await new Promise<void>((resolve) => void setTimeout(resolve, 20));
  client.write(post("x".repeat(500_000)));
  await new Promise<void>((resolve) => void setTimeout(resolve, 50));
  end();
  const answers = await client.answers(2);
  assert.equal(answers[1]?.body, "500000");
});

test("a target that is a whole URL is its path [RFC 9112, 3.2.2]", async () => {
  await using listener = await listen();
  for (const [target, seen] of [
    ["http://h/a/b?c", "GET /a/b c "],
    ["HTTP://h:80", "GET /  "],
    ["http://h?c", "GET / c "],
  ]) {
    const answer = await exchange(listener.port, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.equal(answer.body, seen);
  }
});

test("who asks only then whether the client left, is told [RST before the signal is read]", async () => {
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => void (begin = resolve));
  let look = (): void => {};
  const looking = new Promise<void>((resolve) => void (look = resolve));
  let wasAborted: boolean | undefined;
  {
    await using listener = await listen(async (request) => {
      begin();
      await looking;
      wasAborted = request.signal.aborted;
      return { status: 200, headers: {}, body: "" };
    });
    using client = new RawClient(listener.port);
    client.write(post("x"));
    await begun;
    client.socket.resetAndDestroy();
    await new Promise<void>((resolve) => void setTimeout(resolve, 50));
    look();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.equal(wasAborted, true);
});
