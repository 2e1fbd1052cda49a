import { once } from "node:events";
import { writeSync } from "node:fs";
import { request } from "node:http";
import { silentLog } from "../../src/kernel/log.ts";
import { startServer } from "../../src/server.ts";
// Loaded before there is work, so that a short life is spent on requests.
import "../../src/services/sqs/service.ts";
import "../../src/stores/lmdb.ts";
import "../../src/wire/aws-json.ts";

/** Serves SQS on the LMDB store in the folder argv[2], once told to, until killed. */
const [, , folder = ""] = process.argv;
process.stdin.once("data", () => void serve());

async function serve(): Promise<void> {
  const { url } = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: { kind: "lmdb", folder },
    region: "us-east-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: silentLog,
  });
  await warmUp(url);
  writeSync(1, `${url}\n`);
}

/** One call, so that all is in place when the load comes. */
async function warmUp(url: string): Promise<void> {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": "AmazonSQS.ListQueues",
    connection: "close",
  };
  const asked = request(url, { method: "POST", headers }).end("{}");
  const [response] = await once(asked, "response");
  response.resume();
  await once(response, "end");
}
