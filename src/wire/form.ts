import { isUtf8 } from "node:buffer";
import { ServiceError } from "../kernel/errors.ts";

/**
 * The parameters of a Query request as a tree: `Attribute.1.Name=x` is the text of the node `Name`
 * in the node `1` in the node `Attribute`.
 */
export interface FormNode {
  text?: string;
  children?: Map<string, FormNode>;
}

/** Most parameters in one request: ten entries of ten attributes need about 400. */
export const MAX_FORM_PARAMETERS = 20_000;

/** Most parts of a parameter's name that dots separate. */
export const MAX_FORM_DEPTH = 64;

/** Most nodes of the tree: each is a map, and a name of 128 bytes could ask for 64. */
export const MAX_FORM_NODES = 50_000;

/**
 * Reads `application/x-www-form-urlencoded` texts into one tree; of a parameter that comes twice
 * the first counts. Throws `MalformedQueryString`.
 */
export function parseForm(...texts: readonly string[]): FormNode {
  const root: FormNode = {};
  let parameters = 0;
  let nodes = 0;
  for (const text of texts) {
    for (const pair of text.split("&")) {
      if (pair === "") continue;
      parameters += 1;
      if (parameters > MAX_FORM_PARAMETERS) throw malformed("The request has too many parameters");
      const equals = pair.indexOf("=");
      const name = decodeForm(equals === -1 ? pair : pair.slice(0, equals));
      const { node, added } = nodeAt(root, name);
      nodes += added;
      if (nodes > MAX_FORM_NODES) throw malformed("The request's parameters have too many parts");
      node.text ??= equals === -1 ? "" : decodeForm(pair.slice(equals + 1));
    }
  }
  return root;
}

/** The text of a form's bytes. Throws `MalformedQueryString` when they are not UTF-8. */
export function formText(body: Uint8Array): string {
  if (!isUtf8(body)) throw malformed("The request body is not UTF-8");
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}

/** The node of a name, and how many were added on the way to it. */
function nodeAt(root: FormNode, name: string): { node: FormNode; added: number } {
  const parts = name.split(".", MAX_FORM_DEPTH + 1);
  if (parts.length > MAX_FORM_DEPTH) throw malformed("A parameter's name has too many parts");
  let node = root;
  let added = 0;
  for (const part of parts) {
    node.children ??= new Map();
    let child = node.children.get(part);
    if (child === undefined) {
      child = {};
      node.children.set(part, child);
      added += 1;
    }
    node = child;
  }
  return { node, added };
}

function decodeForm(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformed("A parameter is not percent-encoded UTF-8");
  }
}

function malformed(reason: string): ServiceError {
  return new ServiceError("MalformedQueryString", reason);
}
