/**
 * The shape of one AWS API as data: operations, structures, errors and their wire traits. Every
 * `model.gen.ts` is a value of {@link ServiceModel}; codecs and validation are driven by it.
 */
export interface ServiceModel {
  /** The name in a credential scope, for example `sqs` or `states`. */
  readonly signingName: string;
  /** The SDK's name of the service, for example `SQS` or `SFN`. */
  readonly sdkId: string;
  /** The API version a Query request names, for example `2012-11-05`. */
  readonly version: string;
  /** What stands before the dot in `X-Amz-Target`; absent when the service has no JSON protocol. */
  readonly targetPrefix?: string;
  /** Protocols the service answers; the first is what its SDK speaks. */
  readonly protocols: readonly ProtocolName[];
  /** Namespace of XML answers. */
  readonly xmlNamespace?: string;
  /** What stands before the `#` in the `__type` of a JSON error. */
  readonly errorNamespace: string;
  /**
   * The input member that the path of a Query request stands for when it is not `/`: a queue's URL
   * is where its requests go.
   */
  readonly queryPathMember?: string;
  /**
   * The service's Query endpoint is older than the front end that the others share: its errors have
   * an empty `Detail`, and it has words of its own for unknown actions.
   */
  readonly ownQueryFrontEnd?: true;
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly structures: Readonly<Record<string, StructureShape>>;
  readonly lists: Readonly<Record<string, ListShape>>;
  readonly maps: Readonly<Record<string, MapShape>>;
  readonly errors: Readonly<Record<string, ErrorModel>>;
}

export type ProtocolName =
  | "awsJson1_0"
  | "awsJson1_1"
  | "awsQuery"
  | "restJson1"
  | "restXml"
  | "rpcV2Cbor";

/** One API call: the names of its structures, and its binding where the protocol is REST. */
export interface OperationModel {
  /** Name of the input structure in {@link ServiceModel.structures}; absent when it takes nothing. */
  readonly input?: string;
  /** Name of the output structure; absent when it answers nothing. */
  readonly output?: string;
  readonly http?: { readonly method: string; readonly path: string; readonly status: number };
  /** Label that real clients put before the host name, for example `sync-`. */
  readonly hostPrefix?: string;
}

/** What a member, element or map value is: a scalar by its lower-case name, else a shape's name. */
export type ShapeName = Scalar | (string & {});

export type Scalar =
  | "string"
  | "number"
  | "boolean"
  | "blob"
  | "streamingBlob"
  | "timestamp"
  | "document"
  | "bigInteger"
  | "bigDecimal"
  | "unit";

export interface StructureShape {
  readonly members: Readonly<Record<string, Member>>;
  /** Names of required members, in the model's order. */
  readonly required?: readonly string[];
  /** True when exactly one member may be set. */
  readonly union?: true;
}

/** A reference to a shape with the traits that say where and how it travels. */
export interface Member extends Traits {
  readonly shape: ShapeName;
}

export interface ListShape {
  readonly element: Member;
}

export interface MapShape {
  readonly key: Member;
  readonly value: Member;
}

/** Wire traits; each is absent unless the model sets it. */
export interface Traits {
  readonly xmlName?: string;
  readonly xmlFlattened?: true;
  readonly xmlAttribute?: true;
  readonly xmlNamespace?: string;
  readonly jsonName?: string;
  readonly httpLabel?: true;
  readonly httpHeader?: string;
  readonly httpQuery?: string;
  readonly httpQueryParams?: true;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: true;
  readonly httpResponseCode?: true;
  readonly hostLabel?: true;
  readonly idempotencyToken?: true;
  readonly sensitive?: true;
  readonly mediaType?: string;
  readonly timestampFormat?: "date-time" | "http-date" | "epoch-seconds";
}

/** An error the service can answer, with the codes and status each protocol shows. */
export interface ErrorModel {
  readonly status: number;
  readonly fault: "client" | "server";
  /** The code that Query clients know, where the model names one. */
  readonly queryCode?: string;
  /** What stands before the `#` in `__type`, where it is not the service's own namespace. */
  readonly namespace?: string;
  /** Members besides the message. */
  readonly members?: Readonly<Record<string, Member>>;
}
