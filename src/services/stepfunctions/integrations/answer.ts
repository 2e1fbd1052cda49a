import type { ServiceError } from "../../../kernel/errors.ts";
import type { ServiceModel } from "../../../kernel/model.ts";
import type { Failure } from "../interpreter/protocol.ts";
import type { JsonObject } from "../language/json.ts";
import { errorName } from "./names.ts";
import type { NamedService } from "./names.ts";

/** What optimized integrations say of their request beside the service's answer; no bytes travelled, so there is one header. */
export function sdkMetadata(requestId: string): JsonObject {
  return {
    SdkHttpMetadata: {
      AllHttpHeaders: { "x-amzn-RequestId": [requestId] },
      HttpHeaders: { "x-amzn-RequestId": requestId },
      HttpStatusCode: 200,
    },
    SdkResponseMetadata: { RequestId: requestId },
  };
}

/** What a service's refusal is to the task, in the words of the SDK that AWS calls the service with. */
export function serviceFailure(
  error: ServiceError,
  from: { service: NamedService; model: ServiceModel; requestId: string },
): Failure {
  const { service, model, requestId } = from;
  const [name, known] =
    Object.entries(model.errors).find(
      ([shape, { queryCode }]) => shape === error.code || queryCode === error.code,
    ) ?? [];
  const status = known?.status ?? error.status ?? 400;
  const code = known?.queryCode ?? error.queryCode ?? error.code;
  const why = service.isSdk
    ? `Service: ${service.sdkName}, Status Code: ${status}, Request ID: ${requestId}`
    : `Service: ${service.sdkName}; Status Code: ${status}; Error Code: ${code}; Request ID: ${requestId}; Proxy: null`;
  return { error: errorName(service, name), cause: `${error.message} (${why})` };
}
