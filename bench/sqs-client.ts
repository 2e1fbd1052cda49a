import { Connection } from "./connection.ts";
import { sqsRequest } from "./sqs-requests.ts";

/** Makes a queue; answers its URL. */
export async function createQueue(
  url: string,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await callSqs(url, "CreateQueue", { QueueName: name, Attributes: attributes });
  return String(answer.QueueUrl);
}

/** One call on a connection of its own; answers its output. */
export async function callSqs(
  url: string,
  operation: string,
  input: object,
): Promise<Record<string, unknown>> {
  const connection = await Connection.open(url);
  try {
    const answer = await connection.send(sqsRequest(url, operation, input));
    const text = answer.toString("utf8");
    return JSON.parse(text.slice(text.indexOf("\r\n\r\n")));
  } finally {
    connection.close();
  }
}
