import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

/** A TCP proxy that cuts connections where it is told to. */
export interface CuttingProxy {
  readonly port: number;
  /** How many connections were cut by `decide`. */
  cuts(): number;
  /** Cuts every connection. */
  cutAll(): void;
  close(): Promise<void>;
}

/** What becomes of a packet: it passes or never arrives, or the connection is cut before or after it passed. */
export type Fate = "pass" | "lose" | "cut before" | "cut after";

/**
 * Forwards to a port of this machine, asking `decide` about every packet. A function as `target` is
 * asked for each connection.
 */
export async function startProxy(
  target: number | (() => number),
  decide: (packet: Buffer, to: "server" | "client") => Fate,
): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let cuts = 0;
  const pipe = (from: Socket, into: Socket, to: "server" | "client"): void => {
    let lost = false;
    from.on("data", (packet: Buffer) => {
      const fate = decide(packet, to);
      lost = fate === "lose";
      if (lost) return;
      if (fate !== "cut before") into.write(packet);
      if (fate === "pass") return;
      cuts += 1;
      // What was passed on still arrives.
      if (fate === "cut before") into.destroy();
      else into.end();
      from.destroy();
    });
    // Where packets are lost, a goodbye is too.
    from.on("end", () => !lost && from.end());
    from.on("error", () => into.destroy());
    from.on("close", () => into.end());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const port = typeof target === "number" ? target : target();
    const behind = connect(port, "127.0.0.1");
    for (const socket of [client, behind]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    pipe(client, behind, "server");
    pipe(behind, client, "client");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cuts: () => cuts,
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
