/** The bytes of SQS requests, as an SDK sends them apart from headers that nobody reads. */
export function sqsRequest(url: string, operation: string, input: object): Buffer {
  const body = JSON.stringify(input);
  return Buffer.from(
    `POST / HTTP/1.1\r\nhost: ${new URL(url).host}\r\n` +
      `x-amz-target: AmazonSQS.${operation}\r\ncontent-type: application/x-amz-json-1.0\r\n` +
      `authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, ` +
      `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${"0".repeat(64)}\r\n` +
      `x-amz-date: 20260101T000000Z\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** What is sent: a small order, 256 bytes. */
export const MESSAGE_BODY: string = JSON.stringify({
  orderId: "0123456789",
  note: "x".repeat(216),
});

/** Entries of a full batch. */
export const BATCH = 10;

export function sendRequest(url: string, queueUrl: string): Buffer {
  return sqsRequest(url, "SendMessage", { QueueUrl: queueUrl, MessageBody: MESSAGE_BODY });
}

export function sendBatchRequest(url: string, queueUrl: string): Buffer {
  const Entries = Array.from({ length: BATCH }, (_, index) => ({
    Id: String(index),
    MessageBody: MESSAGE_BODY,
  }));
  return sqsRequest(url, "SendMessageBatch", { QueueUrl: queueUrl, Entries });
}

/** One message to each of ten message groups, all different from those of other numbers. */
export function sendGroupsRequest(url: string, queueUrl: string, number: number): Buffer {
  const Entries = Array.from({ length: BATCH }, (_, index) => ({
    Id: String(index),
    MessageBody: MESSAGE_BODY,
    MessageGroupId: `group-${number * BATCH + index}`,
    MessageDeduplicationId: `${number}-${index}`,
  }));
  return sqsRequest(url, "SendMessageBatch", { QueueUrl: queueUrl, Entries });
}

export function receiveRequest(
  url: string,
  input: { QueueUrl: string; MaxNumberOfMessages?: number; WaitTimeSeconds?: number },
): Buffer {
  return sqsRequest(url, "ReceiveMessage", { ...input, VisibilityTimeout: 600 });
}

export function deleteRequest(url: string, queueUrl: string, handle: string): Buffer {
  return sqsRequest(url, "DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle: handle });
}

export function deleteBatchRequest(url: string, queueUrl: string, handles: string[]): Buffer {
  const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
  return sqsRequest(url, "DeleteMessageBatch", { QueueUrl: queueUrl, Entries });
}

const HANDLE = '"ReceiptHandle":"';

/** The receipt handles in an answer. */
export function handlesOf(answer: Buffer): string[] {
  const text = answer.toString("latin1");
  const handles: string[] = [];
  for (let at = text.indexOf(HANDLE); at !== -1; at = text.indexOf(HANDLE, at)) {
    at += HANDLE.length;
    handles.push(text.slice(at, text.indexOf('"', at)));
  }
  return handles;
}
