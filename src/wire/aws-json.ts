import { isUtf8 } from "node:buffer";
import { unknownOperation } from "../kernel/errors.ts";
import type { ServiceError } from "../kernel/errors.ts";
import type { ProtocolName, ServiceModel } from "../kernel/model.ts";
import type { Refusals } from "../kernel/service.ts";
import { inputReader } from "../kernel/validate.ts";
import { errorForm, malformedBody } from "./error-form.ts";
import type { HttpResponse } from "./http.ts";
import { jsonWriter, writeBlob, type ToJson } from "./json-writer.ts";
import type { Protocol } from "./protocol.ts";

/** AWS JSON 1.0: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html. */
export function awsJson1_0(model: ServiceModel, refusals: Refusals): Protocol {
  return awsJson({ name: "awsJson1_0", version: "1.0", model, refusals });
}

/** AWS JSON 1.1, which differs by its content type. */
export function awsJson1_1(model: ServiceModel, refusals: Refusals): Protocol {
  return awsJson({ name: "awsJson1_1", version: "1.1", model, refusals });
}

function awsJson(options: {
  readonly name: ProtocolName;
  readonly version: string;
  readonly model: ServiceModel;
  readonly refusals: Refusals;
}): Protocol {
  const { name, model } = options;
  const contentType = `application/x-amz-json-${options.version}`;
  const targetStart = `${model.targetPrefix ?? ""}.`;
  const read = inputReader(model, options.refusals, "json");
  const writers = new Map<string, ToJson | undefined>();

  function writerOf(operation: string): ToJson | undefined {
    if (writers.has(operation)) return writers.get(operation);
    const output = model.operations[operation]?.output;
    const writer = output === undefined ? undefined : jsonWriter(model, output);
    writers.set(operation, writer);
    return writer;
  }

  return {
    name,
    operationOf(request) {
      const target = request.header("x-amz-target");
      if (target === undefined || !target.startsWith(targetStart)) return undefined;
      return target.slice(targetStart.length) || undefined;
    },
    unknownOperation: (name) =>
      unknownOperation(
        name === undefined
          ? `The header X-Amz-Target must name an operation of ${model.sdkId}.`
          : `${model.sdkId} has no operation ${name} here.`,
      ),
    decode: (operation, request) => read(operation, parseJson(request.body)),
    encode(operation, output, requestId) {
      const writer = writerOf(operation);
      const body = JSON.stringify(writer === undefined ? output : writer(output));
      return {
        status: 200,
        headers: { "Content-Type": contentType, "x-amzn-RequestId": requestId },
        body,
      };
    },
    encodeError: (error, requestId) => encodeError({ model, contentType, error, requestId }),
  };
}

/** Reads a JSON body. Throws `SerializationException` when it is no JSON in UTF-8. */
function parseJson(body: Uint8Array): unknown {
  // Decoding would replace what is no UTF-8, and so change what the client sent.
  if (!isUtf8(body)) throw malformedBody("The request body is not UTF-8");
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformedBody("The request body is not JSON");
  }
  if (value === null) throw malformedBody("The request body is null");
  return value;
}

function encodeError(options: {
  readonly model: ServiceModel;
  readonly contentType: string;
  readonly error: ServiceError;
  readonly requestId: string;
}): HttpResponse {
  const { model, error } = options;
  const form = errorForm(model, error);
  const headers: Record<string, string> = {
    "Content-Type": options.contentType,
    "x-amzn-RequestId": options.requestId,
  };
  // A service that once spoke Query keeps its old codes for old programs: Smithy's awsQueryCompatible.
  if (model.protocols.includes("awsQuery")) {
    const party = form.fault === "server" ? "Receiver" : "Sender";
    headers["x-amzn-query-error"] = `${form.queryCode};${party}`;
  }
  const body = {
    __type: `${form.namespace}#${form.name}`,
    message: error.message,
    ...errorMembers(error),
  };
  return { status: form.status, headers, body: JSON.stringify(body) };
}

function errorMembers(error: ServiceError): Record<string, unknown> {
  const members = Object.entries(error.members ?? {}).map(([name, value]) => [
    name,
    value instanceof Date ? value.getTime() / 1000 : writeBlob(value),
  ]);
  return Object.fromEntries(members);
}
