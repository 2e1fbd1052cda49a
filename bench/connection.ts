import { connect } from "node:net";
import type { Socket } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n", "latin1");
const LENGTH = "content-length: ";

/**
 * A client's connection for measuring: requests are bytes made in advance, one at a time, and an
 * answer is only read as far as its length says. Costs a fraction of what any server does.
 */
export class Connection {
  readonly #socket: Socket;
  #rest: Buffer | undefined;
  #expectedBytes = 0;
  #settle: ((answer: Buffer) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  static open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail?.(error));
    socket.on("close", () => this.#fail?.(new Error("the server closed the connection")));
  }

  /** Sends a request; answers the whole answer. Rejects when it is not a 200. */
  send(request: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#fail = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#expectedBytes === 0) this.#expectedBytes = answerBytes(bytes);
    if (this.#expectedBytes === 0 || bytes.length < this.#expectedBytes) {
      this.#rest = bytes;
      return;
    }
    this.#rest = undefined;
    this.#expectedBytes = 0;
    const isFine = bytes.toString("latin1", 9, 12) === "200";
    if (isFine) this.#settle?.(bytes);
    else this.#fail?.(new Error(bytes.toString("utf8")));
  }
}

/** Bytes of head and body together; 0 while the head is not all there. */
function answerBytes(bytes: Buffer): number {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return 0;
  const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
  const at = head.indexOf(LENGTH);
  const length = at === -1 ? 0 : Number.parseInt(head.slice(at + LENGTH.length), 10);
  return headEnd + HEAD_END.length + length;
}
