import { lookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { BlockList, isIP } from "node:net";
import { Agent, request } from "undici";
import type { Dispatcher } from "undici";
import { LIMITS } from "./limits.ts";
import { failedForGood, failedForNow } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** How far web hooks are trusted. */
export interface HttpSenderOptions {
  /** For a whole attempt; real time, since a socket knows no other. */
  readonly timeoutMs: number;
  /** Lets web hooks reach the addresses at which clouds serve credentials. */
  readonly allowMetadataAddresses: boolean;
  /** Lets web hooks redirect to other hosts. */
  readonly allowForeignRedirects: boolean;
}

/** A web hook and what it is to get. */
export interface Hook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Posts to web hooks. The only file that knows the HTTP client. */
export class HttpSender {
  readonly #options: HttpSenderOptions;
  readonly #agent: Agent;

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    const connect = options.allowMetadataAddresses
      ? {}
      : { lookup: checkedLookup.bind(undefined, lookup) };
    this.#agent = new Agent({
      connections: LIMITS.connectionsPerHost,
      connect: { ...connect, timeout: options.timeoutMs },
      maxResponseSize: -1,
    });
  }

  /** One attempt, following redirects on the same host. Never throws. */
  async post(hook: Hook, stopping: AbortSignal): Promise<Outcome> {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(this.#options.timeoutMs)]);
    let url: URL;
    try {
      url = new URL(hook.url);
    } catch {
      return failedForGood("InvalidEndpoint", `${hook.url} is no URL`);
    }
    try {
      for (let redirects = 0; redirects <= LIMITS.redirects; redirects += 1) {
        const answer = await this.#postOnce(url, hook, signal);
        if (!(answer instanceof URL)) return answer;
        if (!this.#mayGoTo(answer, url)) {
          return failedForGood("RedirectRefused", `Redirect to another host: ${answer.origin}`);
        }
        url = answer;
      }
      return failedForGood("TooManyRedirects", `More than ${LIMITS.redirects} redirects`);
    } catch (error) {
      return failureOf(error, signal);
    }
  }

  /** The outcome, or where the answer says to go. */
  async #postOnce(url: URL, hook: Hook, signal: AbortSignal): Promise<Outcome | URL> {
    this.#checkLiteral(url);
    const { username, password } = url;
    const credentials = Buffer.from(
      `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
    );
    const authorization =
      username === "" ? {} : { authorization: `Basic ${credentials.toString("base64")}` };
    const target = new URL(url);
    target.username = "";
    target.password = "";
    const answer = await request(target, {
      dispatcher: this.#agent,
      method: "POST",
      headers: { ...hook.headers, ...authorization },
      body: hook.body,
      signal,
      headersTimeout: this.#options.timeoutMs,
      bodyTimeout: this.#options.timeoutMs,
    });
    const response = await readSome(answer.body);
    return judge(url, answer, response);
  }

  #mayGoTo(next: URL, from: URL): boolean {
    if (next.protocol !== "http:" && next.protocol !== "https:") return false;
    return next.hostname === from.hostname || this.#options.allowForeignRedirects;
  }

  /** Addresses in URLs are not looked up, so they are checked here. */
  #checkLiteral(url: URL): void {
    const address = url.hostname.replace(/^\[|\]$/g, "");
    if (this.#options.allowMetadataAddresses || isIP(address) === 0) return;
    if (isMetadataAddress(address)) throw new AddressRefused(address);
  }
}

/** An address that web hooks may not have. */
class AddressRefused extends Error {
  override readonly name = "AddressRefused";

  constructor(address: string) {
    super(`${address} is an address of instance metadata; web hooks may not reach it`);
  }
}

function judge(
  url: URL,
  { statusCode, headers }: Dispatcher.ResponseData,
  response: string,
): Outcome | URL {
  if (statusCode >= 200 && statusCode < 300) return { kind: "delivered", statusCode, response };
  const location = headers["location"];
  if (
    statusCode >= 300 &&
    statusCode < 400 &&
    typeof location === "string" &&
    URL.canParse(location, url.href)
  ) {
    return new URL(location, url);
  }
  const message = `Endpoint answered ${statusCode}: ${response.slice(0, 256)}`;
  return statusCode === 429 || statusCode >= 500
    ? failedForNow(String(statusCode), message, statusCode)
    : failedForGood(String(statusCode), message, statusCode);
}

/** The beginning of an answer; the status counts even if the rest of it breaks. */
async function readSome(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(Buffer.from(chunk));
      size += chunks.at(-1)?.byteLength ?? 0;
      if (size >= LIMITS.responseBytes) break;
    }
  } catch {
    // Cut off, or too slow: what was said is what came.
  }
  return Buffer.concat(chunks).toString("utf8", 0, 1_024);
}

function failureOf(error: unknown, signal: AbortSignal): Outcome {
  if (error instanceof AddressRefused) return failedForGood("AddressRefused", error.message);
  const cause =
    error instanceof Error && error.cause instanceof AddressRefused ? error.cause : undefined;
  if (cause !== undefined) return failedForGood("AddressRefused", cause.message);
  if (signal.aborted) return failedForNow("Timeout", "The endpoint did not answer in time");
  const code = error instanceof Error && "code" in error ? String(error.code) : "ConnectionFailed";
  return failedForNow(code, error instanceof Error ? error.message : String(error));
}

/**
 * Where clouds serve credentials to whoever asks: link-local addresses, and those of AWS on IPv6
 * (EC2 User Guide, "Use the Instance Metadata Service").
 */
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addSubnet("fd00:ec2::", 32, "ipv6");

/** Whether an IP address is one of instance metadata; IPv4 in IPv6 notation included. */
export function isMetadataAddress(address: string): boolean {
  return METADATA.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

type LookupCallback = (
  error: Error | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Finds all addresses of a name, as `node:dns` does. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Looks a name up and refuses it if any of its addresses is refused; the socket uses these same
 * ones, so that the name can not change in between.
 */
export function checkedLookup(
  resolve: Resolve,
  hostname: string,
  options: LookupOptions,
  callback: LookupCallback,
): void {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const refused = addresses.find(({ address }) => isMetadataAddress(address));
    if (refused !== undefined) return callback(new AddressRefused(refused.address), []);
    const [first] = addresses;
    if (options.all || first === undefined) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
}
