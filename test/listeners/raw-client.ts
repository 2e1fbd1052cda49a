import { connect } from "node:net";
import type { Socket } from "node:net";
import { silentLog } from "../../src/kernel/log.ts";
import type { Log } from "../../src/kernel/log.ts";
import { listenHttp } from "../../src/listeners/http.ts";
import { HTTP_LIMITS } from "../../src/listeners/limits.ts";
import type { HttpLimits } from "../../src/listeners/limits.ts";
import { systemRandom } from "../../src/random.ts";
import type { HttpHandler, HttpRequest } from "../../src/wire/http.ts";

/** Answers what it was asked, so that a test sees what arrived. */
export const echo: HttpHandler = async (request) => ({
  status: 200,
  headers: { "content-type": "text/plain" },
  body: `${request.method} ${request.path} ${request.query} ${Buffer.from(request.body).toString("latin1")}`,
});

/** A listener that closes at the end of the test's scope. */
export interface TestListener extends AsyncDisposable {
  readonly port: number;
  stop(): Promise<void>;
}

export async function listen(
  handler: HttpHandler = echo,
  options: {
    readonly limits?: Partial<HttpLimits>;
    readonly bodyLimit?: (request: HttpRequest) => number;
    readonly log?: Log;
  } = {},
): Promise<TestListener> {
  const { port, listener } = await listenHttp({
    host: "127.0.0.1",
    port: 0,
    handler,
    log: options.log ?? silentLog,
    random: systemRandom(),
    limits: { ...HTTP_LIMITS, ...options.limits },
    ...(options.bodyLimit === undefined ? {} : { bodyLimit: options.bodyLimit }),
  });
  const stop = (): Promise<void> => listener.stop();
  return { port, stop, [Symbol.asyncDispose]: stop };
}

/** A client's side of a connection: what it has read so far, as one character per byte. */
export class RawClient implements Disposable {
  readonly socket: Socket;
  read = "";
  readonly ended: Promise<void>;
  readonly #watchers = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk) => {
      this.read += chunk.toString("latin1");
      for (const look of this.#watchers) look();
    });
    this.ended = new Promise((resolve) => {
      this.socket.once("end", resolve);
      this.socket.once("close", () => resolve());
    });
  }

  write(text: string | Uint8Array): void {
    if (typeof text === "string") this.socket.write(text, "latin1");
    else this.socket.write(text);
  }

  /** Writes and waits until it is on its way, so that the next write is a packet of its own. */
  async writeAlone(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Resolves when `count` whole answers have been read, with their heads and bodies. */
  answers(count: number): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const answers = parseAnswers(this.read);
        if (answers.length < count) return;
        this.#watchers.delete(look);
        resolve(answers);
      };
      this.#watchers.add(look);
      void this.ended.then(() => {
        const answers = parseAnswers(this.read);
        if (answers.length >= count) resolve(answers);
        else
          reject(new Error(`the connection ended after ${answers.length} answers: ${this.read}`));
      });
      look();
    });
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The whole answers in `text`; 100 Continue is not counted. */
export function parseAnswers(text: string): Answer[] {
  const answers: Answer[] = [];
  let rest = text;
  for (;;) {
    const headEnd = rest.indexOf("\r\n\r\n");
    if (headEnd === -1) return answers;
    const head = rest.slice(0, headEnd);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const end = headEnd + 4 + length;
    if (rest.length < end) return answers;
    const status = Number(head.slice(9, 12));
    if (status !== 100) answers.push({ status, head, body: rest.slice(headEnd + 4, end) });
    rest = rest.slice(end);
  }
}

/** Sends bytes on a connection of its own and answers the first answer. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<Answer> {
  using client = new RawClient(port);
  client.write(bytes);
  const [answer] = await client.answers(1);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

/** A plain POST. */
export function post(body: string, headers = ""): string {
  return `POST /p?q HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`;
}
