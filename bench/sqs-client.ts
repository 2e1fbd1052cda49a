import { Connection } from "./connection.ts";
import { sqsRequest } from "./sqs-requests.ts";

/** Makes a queue; answers its URL. */
export async function createQueue(
  url: string,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const connection = await Connection.open(url);
  try {
    const input = { QueueName: name, Attributes: attributes };
    const answer = await connection.send(sqsRequest(url, "CreateQueue", input));
    const text = answer.toString("utf8");
    return String(JSON.parse(text.slice(text.indexOf("\r\n\r\n"))).QueueUrl);
  } finally {
    connection.close();
  }
}
