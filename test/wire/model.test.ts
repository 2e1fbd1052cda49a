import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { model as sqsModel } from "../../src/services/sqs/model.gen.ts";
import { model as sfnModel } from "../../src/services/stepfunctions/model.gen.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the generated models are what the installed SDK packages say", () => {
  const check = spawnSync(process.execPath, ["scripts/generate.ts", "--check"], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(check.status, 0, check.stdout + check.stderr);
});

test("a model has required members in order, traits, and codes of errors", () => {
  assert.deepEqual(sqsModel.structures["SendMessageBatchRequestEntry"]?.required, [
    "Id",
    "MessageBody",
  ]);
  assert.deepEqual(sqsModel.structures["CreateQueueRequest"]?.members["tags"], {
    shape: "TagMap",
    xmlFlattened: true,
    xmlName: "Tag",
  });
  assert.deepEqual(sqsModel.errors["QueueDoesNotExist"], {
    status: 400,
    fault: "client",
    queryCode: "AWS.SimpleQueueService.NonExistentQueue",
  });
  assert.equal(sqsModel.operations["DeleteMessage"]?.output, undefined);
  assert.equal(sfnModel.operations["StartSyncExecution"]?.hostPrefix, "sync-");
  assert.equal(sfnModel.signingName, "states");
});
