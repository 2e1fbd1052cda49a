import type { Dispatcher } from "undici";
import { refusedAddress } from "../../../outbound.ts";
import type { Outbound } from "../../../outbound.ts";
import { LIMITS } from "../limits.ts";
import { failedForGood, failedForNow, unanswered } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** How far web hooks are trusted. */
export interface HttpSenderOptions {
  /** For a whole attempt; real time, since a socket knows no other. */
  readonly timeoutMs: number;
  /** Lets web hooks redirect to other hosts. */
  readonly allowForeignRedirects: boolean;
}

/** A web hook and what it is to get. */
export interface Hook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Posts to web hooks. */
export class HttpSender {
  readonly #options: HttpSenderOptions;
  readonly #outbound: Outbound;

  constructor(outbound: Outbound, options: HttpSenderOptions) {
    this.#outbound = outbound;
    this.#options = options;
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
    const { username, password } = url;
    const credentials = Buffer.from(
      `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
    );
    const authorization =
      username === "" ? {} : { authorization: `Basic ${credentials.toString("base64")}` };
    const target = new URL(url);
    target.username = "";
    target.password = "";
    const answer = await this.#outbound.request(target, {
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
  const refused = refusedAddress(error);
  if (refused !== undefined) {
    const message = `${refused} is an address of instance metadata; web hooks may not reach it`;
    return failedForGood("AddressRefused", message);
  }
  if (signal.aborted) return unanswered();
  const code = error instanceof Error && "code" in error ? String(error.code) : "ConnectionFailed";
  return failedForNow(code, error instanceof Error ? error.message : String(error));
}
