import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

/** A TCP proxy that cuts connections where it is told to. */
export interface CuttingProxy {
  readonly port: number;
  /** How many connections were cut by `decide`. */
  cuts(): number;
  /** How many clients are connected, and the most that were at one time. */
  clients(): { readonly now: number; readonly most: number };
  /** Cuts every connection. */
  cutAll(): void;
  /**
   * Lets every connection that is open now fall silent: nothing passes any more, and neither side
   * learns of it. New ones work.
   */
  silence(): void;
  /** How many of the silenced connections a client has tried to use. */
  triedInVain(): number;
  close(): Promise<void>;
}

/** What becomes of a packet: it passes or never arrives, or the connection is cut before or after it passed. */
export type Fate = "pass" | "lose" | "cut before" | "cut after";

/** One connection through the proxy. */
interface Link {
  silent: boolean;
  triedInVain: boolean;
}

/**
 * Forwards to a port of this machine, asking `decide` about every packet. A function as `target` is
 * asked for each connection.
 */
export async function startProxy(
  target: number | (() => number),
  decide: (packet: Buffer, to: "server" | "client") => Fate,
): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const links: Link[] = [];
  let cuts = 0;
  let now = 0;
  let most = 0;
  const pipe = (from: Socket, into: Socket, to: "server" | "client", link: Link): void => {
    let lost = false;
    from.on("data", (packet: Buffer) => {
      const fate = link.silent ? "lose" : decide(packet, to);
      if (link.silent && to === "server") link.triedInVain = true;
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
    from.on("end", () => !lost && !link.silent && from.end());
    from.on("error", () => !link.silent && into.destroy());
    from.on("close", () => !link.silent && into.end());
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const port = typeof target === "number" ? target : target();
    const behind = connect(port, "127.0.0.1");
    for (const socket of [client, behind]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    now += 1;
    most = Math.max(most, now);
    let left = false;
    const leave = (): void => {
      if (!left) now -= 1;
      left = true;
    };
    client.once("end", leave).once("close", leave);
    const link: Link = { silent: false, triedInVain: false };
    links.push(link);
    pipe(client, behind, "server", link);
    pipe(behind, client, "client", link);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cuts: () => cuts,
    clients: () => ({ now, most }),
    cutAll: () => {
      for (const socket of sockets) socket.destroy();
    },
    silence: () => {
      for (const link of links) link.silent = true;
    },
    triedInVain: () => links.filter((link) => link.triedInVain).length,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
