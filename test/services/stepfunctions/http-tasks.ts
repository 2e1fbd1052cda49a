import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Ran, Workshop } from "./workshop.ts";

/** A request as the endpoint of an HTTP task saw it: names of headers as they were sent. */
interface Seen {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const CONNECTIONS = {
  mine: {
    headers: { "x-api-key": "secret" },
    queryParameters: { both: "connection" },
  },
  filling: { bodyParameters: { BodyParam: "connection" } },
};

/** What `http:invoke` sends, and what it makes of answers: "Call HTTPS APIs" of the Developer Guide. */
export function httpTasks(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    const connections = JSON.stringify(CONNECTIONS);
    workshop = await open({ options: { "states.connections": connections } });
  });
  after(() => workshop.close());

  function invoke(Parameters: object): Promise<Ran> {
    const state = { Type: "Task", Resource: "arn:aws:states:::http:invoke", Parameters, End: true };
    return workshop.run({ StartAt: "T", States: { T: state } });
  }

  /** Runs a task against an endpoint that answers as `answer` does, and tells what the endpoint saw. */
  async function invokeAt(
    fields: object,
    answer: (response: ServerResponse) => void = (response) => response.end(),
  ): Promise<Ran & { readonly seen: readonly Seen[] }> {
    const seen: Seen[] = [];
    const endpoint = createServer((request, response) => {
      void seenOf(request).then((each) => {
        seen.push(each);
        answer(response);
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
    const { port } = endpoint.address() as AddressInfo;
    try {
      const given = { ApiEndpoint: `http://127.0.0.1:${port}/p`, Method: "POST", ...fields };
      return { ...(await invoke(given)), seen };
    } finally {
      endpoint.closeAllConnections();
      endpoint.close();
    }
  }

  function connection(name: string): object {
    return { ConnectionArn: `arn:aws:events:us-east-1:000000000000:connection/${name}/1` };
  }

  test("http:invoke calls an endpoint with its connection's headers", async () => {
    const json = { "content-type": "application/json" };
    const good = await invokeAt(
      { QueryParameters: { q: "1" }, RequestBody: { a: 1 }, Authentication: connection("mine") },
      (response) => response.writeHead(200, json).end('{"ok":1}'),
    );
    assert.equal(good.status, "SUCCEEDED", good.cause);
    assert.deepEqual(Object(good.output).ResponseBody, { ok: 1 });
    assert.deepEqual(Object(good.output).Headers["content-type"], ["application/json"]);
    assert.deepEqual([Object(good.output).StatusCode, Object(good.output).StatusText], [200, "OK"]);
    assert.equal(good.seen[0]?.line, "POST /p?q=1&both=connection");
    assert.equal(good.seen[0].headers["x-api-key"], "secret");
    const bad = await invokeAt({}, (response) => response.writeHead(503).end("down"));
    assert.deepEqual([bad.error, bad.cause], ["States.Http.StatusCode.503", "down"]);
  });

  test("a request has the headers of Step Functions, and of the definition [Headers]", async () => {
    const { seen } = await invokeAt({ Headers: { "Request-Id": "r" }, RequestBody: { a: 1 } });
    const { Host, "Content-Length": length, Connection, ...headers } = withCapitals(seen[0]);
    assert.match(Host ?? "", /^127\.0\.0\.1:/);
    assert.deepEqual([length, Connection], ["7", "keep-alive"]);
    assert.deepEqual(headers, {
      "Request-Id": "r",
      "Content-Type": "application/json; charset=UTF-8",
      "User-Agent": "Amazon|StepFunctions|HttpInvoke|us-east-1",
      Range: "bytes=0-262144",
    });
  });

  test("headers that are not a definition's to set fail the task [Headers]", async () => {
    const names = [
      "X-Amz-Foo",
      "x-forwarded-for",
      "Host",
      "Accept-Encoding",
      "AUTHORIZATION",
      "TE",
    ];
    for (const name of names) {
      const { error, seen } = await invokeAt({ Headers: { [name]: "x" } });
      assert.deepEqual([error, seen], ["States.Runtime", []], name);
    }
  });

  test("GET may have a body [RequestBody]", async () => {
    const { status, cause, seen } = await invokeAt({ Method: "GET", RequestBody: { Job: "x" } });
    assert.equal(status, "SUCCEEDED", cause);
    assert.deepEqual([seen[0]?.line, seen[0]?.body], ["GET /p", '{"Job":"x"}']);
    assert.equal((await invokeAt({ Method: "CONNECT" })).error, "States.Runtime");
  });

  test("the connection has the last word on what both give [merging]", async () => {
    const query = await invokeAt({
      QueryParameters: { both: "definition", own: ["1", "a b"] },
      Headers: { "X-Api-Key": "definition" },
      InvocationConfig: connection("mine"),
    });
    assert.equal(query.seen[0]?.line, "POST /p?both=connection&own=1&own=a%20b");
    assert.equal(query.seen[0].headers["x-api-key"], "secret");
    const body = await invokeAt({
      RequestBody: { Job: "x", BodyParam: "definition" },
      Authentication: connection("filling"),
    });
    assert.equal(body.seen[0]?.body, '{"Job":"x","BodyParam":"connection"}');
    const text = await invokeAt({ RequestBody: "text", Authentication: connection("filling") });
    assert.deepEqual([text.error, text.seen], ["States.Runtime", []]);
    const none = await invokeAt({ Authentication: connection("none") });
    assert.equal(none.error, "Events.ConnectionResource.ResourceNotFound");
  });

  test("query parameters may be text or an array [QueryParameters]", async () => {
    for (const QueryParameters of ["a=1&b=2", ["a=1", { b: 2 }]]) {
      const { seen } = await invokeAt({ QueryParameters });
      assert.equal(seen[0]?.line, "POST /p?a=1&b=2");
    }
  });

  test("a form has its nested fields and arrays by name [URL_ENCODED]", async () => {
    const RequestBody = { description: "two words", metadata: { order: "a" }, list: ["x", "y"] };
    const formats = {
      INDICES: "list%5B0%5D=x&list%5B1%5D=y",
      BRACKETS: "list%5B%5D=x&list%5B%5D=y",
      REPEAT: "list=x&list=y",
      COMMAS: "list=x%2Cy",
    };
    for (const [ArrayFormat, list] of Object.entries(formats)) {
      const Transform = {
        RequestBodyEncoding: "URL_ENCODED",
        RequestEncodingOptions: { ArrayFormat },
      };
      const { seen } = await invokeAt({ RequestBody, Transform });
      const start = "description=two%20words&metadata%5Border%5D=a&";
      assert.equal(seen[0]?.body, start + list);
      assert.equal(seen[0].headers["Content-Type"], "application/x-www-form-urlencoded");
    }
  });

  test("an answer that is no text fails the task [unsupported responses]", async () => {
    for (const type of ["application/octet-stream", "image/png", "Video/mp4", "audio/ogg"]) {
      const ran = await invokeAt({}, (response) =>
        response.writeHead(200, { "content-type": type }).end("text"),
      );
      assert.equal(ran.error, "States.Runtime", type);
    }
    const bytes = await invokeAt({}, (response) => response.end(Buffer.from([0xff, 0xfe])));
    assert.equal(bytes.error, "States.Runtime");
  });

  test("an answer that is too long for a state fails the task [States.DataLimitExceeded]", async () => {
    const ran = await invokeAt({}, (response) => response.end("x".repeat(300_000)));
    assert.equal(ran.error, "States.DataLimitExceeded");
  });

  test("a redirect is an answer, not followed", async () => {
    const { error, seen } = await invokeAt({}, (response) =>
      response.writeHead(302, { location: "/other" }).end(),
    );
    assert.deepEqual([error, seen.length], ["States.Http.StatusCode.302", 1]);
  });

  test("connections come from a file, which is checked at the start and read for each request [states.connections]", async () => {
    const folder = await mkdtemp(join(tmpdir(), "waystation-connections-"));
    const options = { "states.connections": join(folder, "connections.json") };
    try {
      await writeFile(options["states.connections"], "[]");
      await assert.rejects(open({ options }), { name: "WrongServiceOption" });
      await writeFile(options["states.connections"], "{}");
      const reading = await open({ options });
      try {
        const Authentication = { ConnectionArn: "there" };
        const Parameters = { ApiEndpoint: "http://127.0.0.1:9", Method: "GET", Authentication };
        const Resource = "arn:aws:states:::http:invoke";
        const T = { Type: "Task", Resource, Parameters, End: true };
        const definition = { StartAt: "T", States: { T } };
        const absent = await reading.run(definition);
        assert.equal(absent.error, "Events.ConnectionResource.ResourceNotFound");
        await writeFile(options["states.connections"], '{"there":{}}');
        assert.equal((await reading.run(definition)).error, "States.Http.Socket");
        await rm(options["states.connections"]);
        const gone = await reading.run(definition);
        assert.equal(gone.error, "Events.ConnectionResource.InvalidConnectionState");
        assert.match(gone.cause ?? "", /states\.connections/);
      } finally {
        await reading.close();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("an HTTP task cannot ask for a cloud's credentials [instance metadata]", async () => {
    for (const host of ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"]) {
      const ran = await invoke({ ApiEndpoint: `http://${host}/latest/meta-data/`, Method: "GET" });
      assert.equal(ran.error, "States.Http.Socket");
      assert.match(ran.cause ?? "", /instance metadata/);
    }
  });
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
  const { method, url, rawHeaders } = request;
  const headers: Record<string, string> = {};
  for (const [index, name] of rawHeaders.entries()) {
    if (index % 2 === 0) headers[name] = rawHeaders[index + 1] ?? "";
  }
  return { line: `${method} ${url}`, headers, body };
}

/** A request's headers with the client's own in the case of the rest. */
function withCapitals(seen: Seen | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(seen?.headers ?? {}).map(([name, value]) => [
      name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    ]),
  );
}
