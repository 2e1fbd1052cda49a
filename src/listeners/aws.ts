import { callerOf, isRegionName } from "../kernel/caller.ts";
import { operationOf } from "../kernel/catalog.ts";
import type { ServiceCatalog } from "../kernel/catalog.ts";
import type { Clock } from "../kernel/clock.ts";
import { ServiceError } from "../kernel/errors.ts";
import type { Log } from "../kernel/log.ts";
import type { ProtocolName, ServiceModel } from "../kernel/model.ts";
import type { Context } from "../kernel/operation.ts";
import type { Random } from "../kernel/random.ts";
import type { Service } from "../kernel/service.ts";
import { StoreUnavailable } from "../kernel/store.ts";
import { internalFailure } from "../wire/error-form.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../wire/http.ts";
import type { Protocol, ProtocolFactory } from "../wire/protocol.ts";
import { credentialScopeOf } from "../wire/sigv4.ts";
import type { CredentialScope } from "../wire/sigv4.ts";
import { refusal } from "./http-answer.ts";
import type { HttpLimits } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import { formField, isForm, regionOfHost, Router } from "./routes.ts";
import type { ServiceRoute } from "./routes.ts";

/** Throws a {@link ServiceError} when a request is not signed by somebody known. */
export type Authenticate = (request: HttpRequest) => unknown;

/** Loads the codec of a protocol, when the first request speaks it; undefined when there is none. */
export type ProtocolLoader = (name: ProtocolName) => Promise<ProtocolFactory> | undefined;

export interface AwsHandlerOptions {
  readonly routes: readonly ServiceRoute[];
  readonly catalog: ServiceCatalog;
  readonly protocols: ProtocolLoader;
  readonly authenticate?: Authenticate;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly defaultRegion: string;
}

/** A service with the protocols that requests have spoken so far. */
interface Endpoint {
  readonly service: Service;
  readonly protocols: Map<ProtocolName, Protocol>;
}

interface Exchange {
  readonly request: HttpRequest;
  readonly scope: CredentialScope | undefined;
  readonly service: Service;
  readonly protocol: Protocol;
  readonly requestId: string;
}

/** Answers AWS API requests: finds the service and its protocol, reads, runs, writes. */
export function awsHandler(options: AwsHandlerOptions): HttpHandler {
  const router = new Router(options.routes);
  const endpoints = new Map<string, Endpoint>();

  return async (request) => {
    const scope = credentialScopeOf(request);
    const route = router.find(request, scope) ?? (await routeOfAction(options, request, scope));
    if (route === undefined) return unknownService(scope, request);
    const endpoint = endpoints.get(route.signingName) ?? (await open(route.signingName));
    if (endpoint === undefined) return unknownService(scope, request);
    const { service } = endpoint;
    const name = protocolOf(request, service.model);
    const protocol = name && (endpoint.protocols.get(name) ?? (await speak(endpoint, name)));
    if (protocol === undefined) return unknownProtocol(service.model);
    return answer(options, { request, scope, service, protocol, requestId: options.random.uuid() });
  };

  async function open(signingName: string): Promise<Endpoint | undefined> {
    const service = await options.catalog.service(signingName);
    if (service === undefined) return undefined;
    const endpoint: Endpoint = { service, protocols: new Map() };
    endpoints.set(signingName, endpoint);
    return endpoint;
  }

  async function speak(
    { service, protocols }: Endpoint,
    name: ProtocolName,
  ): Promise<Protocol | undefined> {
    const factory = await options.protocols(name);
    const protocol = factory?.(service.model, service.refusals);
    if (protocol !== undefined) protocols.set(name, protocol);
    return protocol;
  }
}

/**
 * The only service that has the action of a Query request, when nothing else tells which is meant.
 * Loads the services that speak Query.
 */
async function routeOfAction(
  { routes, catalog }: AwsHandlerOptions,
  request: HttpRequest,
  scope: CredentialScope | undefined,
): Promise<ServiceRoute | undefined> {
  if (scope !== undefined || request.header("x-amz-target") !== undefined) return undefined;
  const action = formField(request, "Action");
  if (action === undefined || formField(request, "Version") !== undefined) return undefined;
  const found: ServiceRoute[] = [];
  for (const route of routes) {
    if (route.version === undefined) continue;
    const service = await catalog.service(route.signingName);
    if (service && Object.hasOwn(service.model.operations, action)) found.push(route);
  }
  return found.length === 1 ? found[0] : undefined;
}

/** No service refuses bodies of this size, so that most requests need no look at their route. */
const SMALL_BODY_BYTES = 65_536;

/** The most bytes of body that a request may bring, known from its head. */
export function awsBodyLimit(
  routes: readonly ServiceRoute[],
  catalog: ServiceCatalog,
  { bodyBytes, bodyCapBytes }: Pick<HttpLimits, "bodyBytes" | "bodyCapBytes">,
): (request: HttpRequest) => number {
  const router = new Router(routes);
  return (request) => {
    const length = Number(request.header("content-length") ?? Infinity);
    if (length <= SMALL_BODY_BYTES) return bodyBytes;
    const route = router.find(request, credentialScopeOf(request));
    if (route === undefined) return bodyBytes;
    const service = catalog.loaded(route.signingName);
    // A service that is not loaded has not said yet what it takes.
    return service === undefined ? bodyCapBytes : (service.maxRequestBytes ?? bodyBytes);
  };
}

async function answer(options: AwsHandlerOptions, exchange: Exchange): Promise<HttpResponse> {
  const { metrics } = options;
  const { request, service, protocol, requestId } = exchange;
  const startMs = metrics.start();
  const name = protocol.operationOf(request);
  const isKnown = name !== undefined && Object.hasOwn(service.model.operations, name);
  let failed = true;
  try {
    const isOpen =
      exchange.scope === undefined && name !== undefined && service.unsigned?.has(name);
    if (!isOpen) options.authenticate?.(request);
    const operation = isKnown ? operationOf(service, name) : undefined;
    if (name === undefined || operation === undefined) throw protocol.unknownOperation(name);
    const input = protocol.decode(name, request);
    const context = new RequestContext(options, exchange);
    const output = await options.catalog.run(operation, context, input);
    failed = false;
    return protocol.encode(name, output ?? {}, requestId);
  } catch (error) {
    // Given up because nobody waits for the answer any more.
    const isGivenUp = error === request.signal.reason;
    const failure = isGivenUp
      ? internalFailure(error)
      : expected(error, options.log, { requestId, operation: name });
    return protocol.encodeError(failure, requestId);
  } finally {
    if (isKnown) metrics.record(service.model.signingName, name, { startMs, failed });
  }
}

/** A failure as the client may see it. What nobody foresaw is logged, and its text stays here. */
function expected(
  error: unknown,
  log: Log,
  fields: { requestId: string; operation: string | undefined },
): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof StoreUnavailable) {
    log.error("store unavailable", { ...fields, error });
    return new ServiceError("ServiceUnavailable", error.message, { status: 503 });
  }
  log.error("operation failed", { ...fields, error });
  return internalFailure(error);
}

class RequestContext implements Context {
  readonly caller: Context["caller"];
  readonly requestId: string;
  readonly nowMs: number;
  readonly #request: HttpRequest;

  constructor(options: AwsHandlerOptions, { request, scope, requestId }: Exchange) {
    const region =
      scope?.region || regionOfHost(request.header("host") ?? "") || options.defaultRegion;
    if (!isRegionName(region)) {
      const message = "Credential should be scoped to a valid region.";
      throw new ServiceError("SignatureDoesNotMatch", message, { status: 403 });
    }
    this.caller = callerOf(scope?.accessKeyId ?? "", region);
    this.requestId = requestId;
    this.nowMs = options.clock.now();
    this.#request = request;
  }

  get baseUrl(): string {
    return `http://${this.#request.header("host") ?? "localhost"}`;
  }

  get traceHeader(): string | undefined {
    return this.#request.header("x-amzn-trace-id");
  }

  /** Made when somebody asks: most operations never wait. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

/** The protocol of the service's that a request speaks. */
function protocolOf(request: HttpRequest, model: ServiceModel): ProtocolName | undefined {
  const type = request.header("content-type")?.toLowerCase() ?? "";
  const speaks = (name: ProtocolName): ProtocolName | undefined =>
    model.protocols.includes(name) ? name : undefined;
  if (type.startsWith("application/x-amz-json-1.0"))
    return speaks("awsJson1_0") ?? speaks("awsJson1_1");
  if (type.startsWith("application/x-amz-json-1.1"))
    return speaks("awsJson1_1") ?? speaks("awsJson1_0");
  if (isForm(request) || request.query !== "") return speaks("awsQuery") ?? model.protocols[0];
  if (request.header("x-amz-target") !== undefined)
    return speaks("awsJson1_0") ?? speaks("awsJson1_1");
  return speaks("awsQuery") ?? model.protocols[0];
}

function unknownService(scope: CredentialScope | undefined, request: HttpRequest): HttpResponse {
  const named = scope?.service ?? request.header("x-amz-target");
  const what = named === undefined ? `nothing at ${request.path}` : `no service for ${named}`;
  return refusal(
    404,
    "UnknownOperationException",
    `Waystation has ${what}; what it has is at /_waystation/info`,
  );
}

function unknownProtocol(model: ServiceModel): HttpResponse {
  const message = `${model.sdkId} answers ${model.protocols.join(", ")} here`;
  return refusal(415, "UnsupportedMediaType", message);
}
