import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { machineNow } from "../kernel/clock.ts";
import type { Log } from "../kernel/log.ts";
import type { Random } from "../kernel/random.ts";
import type { HttpHandler, HttpRequest } from "../wire/http.ts";
import { guarded } from "./http-answer.ts";
import { Connection } from "./http-connection.ts";
import type { ConnectionHost } from "./http-connection.ts";
import type { Fallback } from "./http-fallback.ts";
import type { HttpLimits } from "./limits.ts";

export interface HttpListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: HttpHandler;
  /** The most bytes of body that a request may have, known from its head; it has no body yet. */
  readonly bodyLimit?: (request: HttpRequest) => number;
  readonly log: Log;
  readonly random: Random;
  readonly limits: HttpLimits;
}

/**
 * One port that answers HTTP/1.1. It parses plain requests itself and hands every other connection,
 * with the bytes that have arrived, to node:http: the plain case is most of a queue's traffic.
 */
export class HttpListener implements ConnectionHost {
  readonly handler: HttpHandler;
  readonly limits: HttpLimits;
  readonly bodyLimit: (request: HttpRequest) => number;
  tick = 0;
  date: string = httpDate();
  stopping = false;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Loaded when the first connection needs it: loading node:http takes as long as all the rest. */
  #fallback: Fallback | undefined;
  #loading: Promise<Fallback> | undefined;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: HttpListenerOptions) {
    const { limits } = options;
    this.limits = limits;
    this.handler = guarded(options.handler, options);
    this.bodyLimit = guardedLimit(options, limits.bodyBytes);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /** Begins to accept; answers the port. Throws the system's error, for example `EADDRINUSE`. */
  async listen(host: string, port: number): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: 4096 }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#sweeper = setInterval(() => this.#sweep(), this.limits.sweepMs);
    this.#sweeper.unref();
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** Accepts no more, ends waits, lets what runs finish for at most `limits.stopMs`, closes. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    clearInterval(this.#sweeper);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#fallback?.stop();
    for (const connection of this.#connections) connection.stop();
    // net.Server closes when its last connection has; after the bound they are cut.
    const bound = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
      this.#fallback?.destroy();
    }, this.limits.stopMs);
    await closed;
    clearTimeout(bound);
  }

  handOff(socket: Socket, bytes: Buffer): void {
    if (this.#fallback === undefined) void this.#handOffLater(socket, bytes);
    else this.#fallback.take(socket, bytes);
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #accept(socket: Socket): void {
    if (this.#connections.size + (this.#fallback?.connections ?? 0) >= this.limits.connections) {
      socket.destroy();
      return;
    }
    this.#connections.add(new Connection(this, socket));
  }

  async #handOffLater(socket: Socket, bytes: Buffer): Promise<void> {
    const onError = (): void => void socket.destroy();
    socket.on("error", onError);
    this.#loading ??= import("./http-fallback.ts").then((module) => module.createFallback(this));
    this.#fallback = await this.#loading;
    socket.off("error", onError);
    if (this.stopping) socket.destroy();
    else if (!socket.destroyed) this.#fallback.take(socket, bytes);
  }

  #sweep(): void {
    this.tick += 1;
    this.date = httpDate();
    for (const connection of this.#connections) connection.sweep();
  }
}

/** Opens a listener. The caller stops it. */
export async function listenHttp(
  options: HttpListenerOptions,
): Promise<{ readonly port: number; readonly listener: HttpListener }> {
  const listener = new HttpListener(options);
  return { port: await listener.listen(options.host, options.port), listener };
}

/** A limit that fails must not take the process with it: it is asked for outside of any handler. */
function guardedLimit(
  { bodyLimit, log }: HttpListenerOptions,
  defaultBytes: number,
): (request: HttpRequest) => number {
  if (bodyLimit === undefined) return () => defaultBytes;
  return (request) => {
    try {
      return bodyLimit(request);
    } catch (error) {
      log.error("no limit for a request body", { path: request.path, error });
      return defaultBytes;
    }
  };
}

/** Peers compare it with their own clocks, so it is the machine's time. */
function httpDate(): string {
  return new Date(machineNow()).toUTCString();
}
