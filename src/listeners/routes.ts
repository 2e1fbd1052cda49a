import type { HttpRequest } from "../wire/http.ts";
import type { CredentialScope } from "../wire/sigv4.ts";

/** How requests to a service are told from others, known without loading it. */
export interface ServiceRoute {
  /** The name in a credential scope and in hosts: `sqs` in `sqs.us-east-1.localhost`. */
  readonly signingName: string;
  /** What stands before the dot in `X-Amz-Target`. */
  readonly targetPrefix?: string;
  /** The API version that a Query request names. */
  readonly version?: string;
  /** Paths beside `/` that are the service's own, for example a queue's. */
  readonly path?: RegExp;
}

/** Finds the service of a request: by what was signed, target header, host, path, or API version. */
export class Router {
  readonly #routes: readonly ServiceRoute[];
  readonly #byName: ReadonlyMap<string, ServiceRoute>;
  readonly #byTarget: ReadonlyMap<string, ServiceRoute>;

  constructor(routes: readonly ServiceRoute[]) {
    this.#routes = routes;
    this.#byName = new Map(routes.map((route) => [route.signingName, route]));
    this.#byTarget = new Map(
      routes.flatMap((route) => (route.targetPrefix ? [[route.targetPrefix, route] as const] : [])),
    );
  }

  /** The route of a request; undefined when no service here is meant. */
  find(request: HttpRequest, scope: CredentialScope | undefined): ServiceRoute | undefined {
    const target = request.header("x-amz-target");
    if (target !== undefined) {
      const route = this.#byTarget.get(target.slice(0, target.lastIndexOf(".")));
      // One that names no service here is for the service that is meant otherwise to refuse.
      if (route !== undefined) return route;
    }
    if (scope !== undefined) return this.#byName.get(scope.service);
    return (
      this.#byHost(request.header("host") ?? "") ??
      this.#routes.find((route) => route.path?.test(request.path)) ??
      this.#byVersion(request)
    );
  }

  /** `sqs.us-east-1.localhost`, `sync-states.us-east-1.localhost`, `states.localhost`. */
  #byHost(host: string): ServiceRoute | undefined {
    const [label = "", ...rest] = host.toLowerCase().split(".");
    if (rest.length === 0) return undefined;
    return this.#byName.get(label) ?? this.#byName.get(label.replace(/^sync-/, ""));
  }

  #byVersion(request: HttpRequest): ServiceRoute | undefined {
    const version = formField(request, "Version");
    if (version === undefined) return undefined;
    return this.#routes.find((route) => route.version === version);
  }
}

/** The region in a host like `sqs.us-east-1.localhost`. */
export function regionOfHost(host: string): string | undefined {
  const label = host.split(".", 2)[1];
  return label !== undefined && /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(label) ? label : undefined;
}

/** A field of a Query request, which comes in the URL or as a form. */
export function formField(request: HttpRequest, name: string): string | undefined {
  const inQuery = request.query === "" ? null : new URLSearchParams(request.query).get(name);
  if (inQuery !== null) return inQuery;
  if (!isForm(request)) return undefined;
  return new URLSearchParams(Buffer.from(request.body).toString("utf8")).get(name) ?? undefined;
}

/** Whether the body is `application/x-www-form-urlencoded`. */
export function isForm(request: HttpRequest): boolean {
  return request.header("content-type")?.toLowerCase().startsWith(FORM) ?? false;
}

const FORM = "application/x-www-form-urlencoded";
