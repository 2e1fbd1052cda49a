import { Connection } from "./connection.ts";

/** The bytes of an SNS request, as an SDK sends it apart from headers that nobody reads. */
export function snsRequest(
  url: string,
  operation: string,
  fields: Readonly<Record<string, string>>,
): Buffer {
  const form = new URLSearchParams({ Action: operation, Version: "2010-03-31", ...fields });
  const body = form.toString();
  return Buffer.from(
    `POST / HTTP/1.1\r\nhost: ${new URL(url).host}\r\n` +
      `content-type: application/x-www-form-urlencoded\r\n` +
      `authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, ` +
      `SignedHeaders=host;x-amz-date, Signature=${"0".repeat(64)}\r\n` +
      `x-amz-date: 20260101T000000Z\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** PublishBatch of the same message. */
export function publishBatchRequest(
  url: string,
  topicArn: string,
  { message, count }: { readonly message: string; readonly count: number },
): Buffer {
  const fields: Record<string, string> = { TopicArn: topicArn };
  for (let index = 1; index <= count; index += 1) {
    fields[`PublishBatchRequestEntries.member.${index}.Id`] = String(index);
    fields[`PublishBatchRequestEntries.member.${index}.Message`] = message;
  }
  return snsRequest(url, "PublishBatch", fields);
}

/** An SNS of its own, over one connection. */
export class SnsClient {
  readonly #url: string;
  readonly #connection: Connection;

  static async open(url: string): Promise<SnsClient> {
    return new SnsClient(url, await Connection.open(url));
  }

  private constructor(url: string, connection: Connection) {
    this.#url = url;
    this.#connection = connection;
  }

  /** Makes a topic; answers its ARN. */
  async topic(name: string): Promise<string> {
    return textOf("TopicArn", await this.call("CreateTopic", { Name: name }));
  }

  /** Subscribes; attributes are set one by one. */
  async subscribe(
    topicArn: string,
    endpoint: { readonly protocol: string; readonly endpoint: string },
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const fields: Record<string, string> = {
      TopicArn: topicArn,
      Protocol: endpoint.protocol,
      Endpoint: endpoint.endpoint,
    };
    for (const [index, [name, value]] of Object.entries(attributes).entries()) {
      fields[`Attributes.entry.${index + 1}.key`] = name;
      fields[`Attributes.entry.${index + 1}.value`] = value;
    }
    await this.call("Subscribe", fields);
  }

  async call(operation: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const answer = await this.#connection.send(snsRequest(this.#url, operation, fields));
    return answer.toString("utf8");
  }

  close(): void {
    this.#connection.close();
  }
}

function textOf(element: string, xml: string): string {
  return new RegExp(`<${element}>([^<]*)<`).exec(xml)?.[1] ?? "";
}

/** Sends one request over and over on some connections; tells how many were answered, and how fast. */
export async function hammer(
  url: string,
  request: Buffer,
  options: { readonly connections: number; readonly warmUpMs: number; readonly durationMs: number },
): Promise<{ readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number }> {
  const startMs = performance.now() + options.warmUpMs;
  const endMs = startMs + options.durationMs;
  const times: number[] = [];
  const worker = async (): Promise<void> => {
    const connection = await Connection.open(url);
    for (let nowMs = performance.now(); nowMs < endMs;) {
      const sentMs = nowMs;
      await connection.send(request);
      nowMs = performance.now();
      if (nowMs >= startMs && nowMs <= endMs) times.push(nowMs - sentMs);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: options.connections }, worker));
  const sorted = times.toSorted((a, b) => a - b);
  return {
    perSecond: times.length / (options.durationMs / 1_000),
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
  };
}
