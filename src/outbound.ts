import { lookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";
import type { Agent, Dispatcher } from "undici";

/** How far requests to the world outside may go. */
export interface OutboundOptions {
  /** Lets requests reach the addresses at which clouds serve credentials. */
  readonly allowMetadataAddresses: boolean;
  /** As many as are asked for when left out. */
  readonly connectionsPerHost?: number;
  /** Real time, since a socket knows no other; the client's own when left out. */
  readonly connectTimeoutMs?: number;
  /** Finds the addresses of names; the machine's resolver when left out. */
  readonly resolve?: Resolve;
}

/** Finds all addresses of a name, as `node:dns` does. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** What a request is, but for where it goes and who sends it. */
export type OutboundRequest = Omit<Dispatcher.RequestOptions, "origin" | "path" | "dispatcher">;

interface Client {
  readonly undici: Pick<typeof import("undici"), "request">;
  readonly agent: Agent;
}

/**
 * Asks the world outside over HTTP, and follows no redirects. The only file that knows the HTTP
 * client, which it loads with the first request.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  #client: Promise<Client> | undefined;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /** Makes a request and gives its raw answer. {@link refusedAddress} tells whether it failed for its address. */
  async request(url: URL, options: OutboundRequest): Promise<Dispatcher.ResponseData> {
    const { undici, agent } = await this.#clientFor(url);
    return undici.request(url, { ...options, dispatcher: agent });
  }

  /** Addresses in URLs are not looked up, so they are checked here. */
  async #clientFor(url: URL): Promise<Client> {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0 && this.#refuses(host)) throw new AddressRefused(host);
    this.#client ??= this.#open();
    return this.#client;
  }

  async #open(): Promise<Client> {
    const undici = await import("undici");
    const { connectionsPerHost: connections, connectTimeoutMs: timeout } = this.#options;
    const agent = new undici.Agent({
      ...(connections !== undefined && { connections }),
      connect: {
        ...(timeout !== undefined && { timeout }),
        lookup: this.#lookup,
      },
      maxResponseSize: -1,
    });
    return { undici, agent };
  }

  /**
   * Looks a name up and refuses it if any of its addresses is refused; the socket uses these same
   * ones, so that the name can not change in between.
   */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    const { resolve = lookup } = this.#options;
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const refused = addresses.find(({ address }) => this.#refuses(address));
      if (refused !== undefined) return callback(new AddressRefused(refused.address), []);
      const [first] = addresses;
      if (options.all || first === undefined) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

  #refuses(address: string): boolean {
    return !this.#options.allowMetadataAddresses && isMetadataAddress(address);
  }
}

/** An address of instance metadata was asked for, by itself or by a name that stands for it. */
class AddressRefused extends Error {
  override readonly name = "AddressRefused";
  readonly address: string;

  constructor(address: string) {
    super(`${address} is an address of instance metadata`);
    this.address = address;
  }
}

/** The address because of which a request was refused; undefined when it failed otherwise. */
export function refusedAddress(error: unknown): string | undefined {
  if (error instanceof AddressRefused) return error.address;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof AddressRefused ? cause.address : undefined;
}

/**
 * Where clouds serve credentials to whoever asks: link-local addresses, those of AWS on IPv6 (EC2 User
 * Guide, "Use the Instance Metadata Service"), and Alibaba Cloud's (ECS User Guide, "Instance
 * metadata"); by way of NAT64, too (RFC 6052, 2.1).
 */
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addAddress("100.100.100.200", "ipv4");
METADATA.addSubnet("64:ff9b::169.254.0.0", 112, "ipv6");
METADATA.addAddress("64:ff9b::100.100.100.200", "ipv6");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addSubnet("fd00:ec2::", 32, "ipv6");

/** Whether an IP address is one of instance metadata; IPv4 in IPv6 notation included. */
function isMetadataAddress(address: string): boolean {
  return METADATA.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
