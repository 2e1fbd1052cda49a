import { createServer } from "node:http";

/**
 * The yardstick of this machine: node:http that reads a request's JSON and answers a constant, which
 * is the least that any server on node:http does for a SendMessage.
 */
const ANSWER = JSON.stringify({
  MD5OfMessageBody: "b10a8db164e0754105b7a99be72e3fe5",
  MessageId: "11111111-2222-4333-8444-555555555555",
});

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    JSON.parse(Buffer.concat(chunks).toString("utf8"));
    response.writeHead(200, {
      "content-type": "application/x-amz-json-1.0",
      "content-length": ANSWER.length,
    });
    response.end(ANSWER);
  });
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.stdout.write(`listens on http://127.0.0.1:${port}\n`);
});
process.on("SIGTERM", () => process.exit(0));
