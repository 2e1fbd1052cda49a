import { isUnknownOperation, ServiceError, unknownOperation } from "../kernel/errors.ts";
import type { ServiceModel } from "../kernel/model.ts";
import type { Refusals } from "../kernel/service.ts";
import { inputReader } from "../kernel/validate.ts";
import { errorForm } from "./error-form.ts";
import { FormReader } from "./form-reader.ts";
import { formText, parseForm } from "./form.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import { writeBlob } from "./json-writer.ts";
import type { Protocol } from "./protocol.ts";
import { element, escapeXml, xmlWriter, type ToXmlContent } from "./xml-writer.ts";

const FRONT_END_XMLNS = ' xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"';

const PROLOGUE = '<?xml version="1.0"?>\n';

/** AWS Query: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html. */
export function awsQuery(model: ServiceModel, refusals: Refusals): Protocol {
  const form = new FormReader(model, refusals);
  const check = inputReader(model, refusals, "value");
  const writers = new Map<string, ToXmlContent>();

  function writerOf(output: string): ToXmlContent {
    const writer = writers.get(output) ?? xmlWriter(model, output);
    writers.set(output, writer);
    return writer;
  }

  return {
    name: "awsQuery",
    operationOf: (request) => actionOf(looseText(request.body)) ?? actionOf(request.query),
    unknownOperation: (name) =>
      name === undefined
        ? new ServiceError("MissingAction", "The request must contain the parameter Action.")
        : unknownAction(model, name),
    decode(operation, request) {
      const shape = model.operations[operation]?.input;
      if (shape === undefined) return check(operation, {});
      const input = form.structure(shape, parseForm(formText(request.body), request.query));
      return check(operation, { ...pathMember(model, shape, request), ...input });
    },
    encode(operation, output, requestId) {
      const shape = model.operations[operation]?.output;
      const result =
        shape === undefined ? "" : element(`${operation}Result`, writerOf(shape)(output));
      const metadata = element("ResponseMetadata", element("RequestId", escapeXml(requestId)));
      const name = `${operation}Response`;
      return answer(200, requestId, `<${name}${xmlns(model)}>${result}${metadata}</${name}>`);
    },
    encodeError: (error, requestId) => encodeError(model, error, requestId),
  };
}

function unknownAction(model: ServiceModel, name: string): ServiceError {
  return unknownOperation(
    model.ownQueryFrontEnd
      ? `The action ${name} is not valid for this endpoint.`
      : `Could not find operation ${name} for version ${model.version}`,
  );
}

const ACTION = /(?:^|&)Action=([A-Za-z0-9]{1,128})(?:&|$)/;

/** The operation that a form names, found without reading all of it. */
function actionOf(form: string): string | undefined {
  return ACTION.exec(form)?.[1];
}

/** Bytes as one character each; names of operations are ASCII. */
function looseText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
}

/** The member that the path stands for, as a URL; see {@link ServiceModel.queryPathMember}. */
function pathMember(
  model: ServiceModel,
  shape: string,
  request: HttpRequest,
): Record<string, unknown> {
  const name = model.queryPathMember;
  const path = request.path.replace(/\/$/, "");
  if (name === undefined || path === "") return {};
  if (!model.structures[shape]?.members[name]) return {};
  return { [name]: `http://${request.header("host") ?? "localhost"}${path}` };
}

function encodeError(model: ServiceModel, error: ServiceError, requestId: string): HttpResponse {
  const form = errorForm(model, error);
  const members = Object.entries(error.members ?? {})
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => element(name, escapeXml(memberText(value))))
    .join("");
  const content =
    element("Type", form.fault === "server" ? "Receiver" : "Sender") +
    element("Code", escapeXml(form.queryCode)) +
    element("Message", escapeXml(error.queryMessage ?? error.message)) +
    (model.ownQueryFrontEnd ? element("Detail", "") : "") +
    members;
  const id = element("RequestId", escapeXml(requestId));
  // What has not reached the service is not in its namespace.
  const isShared = isUnknownOperation(error) && !model.ownQueryFrontEnd;
  const namespace = isShared ? FRONT_END_XMLNS : xmlns(model);
  const body = `<ErrorResponse${namespace}>${element("Error", content)}${id}</ErrorResponse>`;
  return answer(form.status, requestId, body);
}

function memberText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && !(value instanceof Uint8Array)
    ? JSON.stringify(value)
    : String(writeBlob(value));
}

function xmlns(model: ServiceModel): string {
  return model.xmlNamespace === undefined ? "" : ` xmlns="${escapeXml(model.xmlNamespace)}"`;
}

function answer(status: number, requestId: string, xml: string): HttpResponse {
  const headers = { "Content-Type": "text/xml", "x-amzn-RequestId": requestId };
  return { status, headers, body: PROLOGUE + xml };
}
