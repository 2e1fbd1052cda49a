import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ROLE } from "./workshop.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** What AWS's front end asks of every request before an operation sees it. */
export function requests(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  const DEFINITION = JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", End: true } } });
  const MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

  /** The refusal of a request with these violations. */
  function refusal(...violations: readonly string[]): { name: string; message: string } {
    const noun = violations.length === 1 ? "validation error" : "validation errors";
    return {
      name: "ValidationException",
      message: `${violations.length} ${noun} detected: ${violations.join("; ")}`,
    };
  }

  test("all that is missing is told at once [ValidationException]", async () => {
    const must = "failed to satisfy constraint: Member must not be null";
    await assert.rejects(
      workshop.sfn.createStateMachine(JSON.parse("{}")),
      refusal(
        `Value null at 'name' ${must}`,
        `Value null at 'definition' ${must}`,
        `Value null at 'roleArn' ${must}`,
      ),
    );
  });

  test("all that is out of bounds is told at once, and no definition is shown [ValidationException]", async () => {
    const name = "x".repeat(81);
    const logGroupArn = "x".repeat(257);
    await assert.rejects(
      workshop.sfn.createStateMachine({
        name,
        definition: "",
        roleArn: ROLE,
        ...JSON.parse('{ "type": "FOO" }'),
        tags: [{ key: "good" }, { key: "", value: "v".repeat(257) }],
        loggingConfiguration: { destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] },
        encryptionConfiguration: { type: "AWS_OWNED_KEY", kmsDataKeyReusePeriodSeconds: 59 },
      }),
      refusal(
        `Value '${name}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80`,
        "Value at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1",
        "Value 'FOO' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]",
        `Value '${logGroupArn}' at 'loggingConfiguration.destinations.1.member.cloudWatchLogsLogGroup.logGroupArn' failed to satisfy constraint: Member must have length less than or equal to 256`,
        "Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1",
        `Value '${"v".repeat(257)}' at 'tags.2.member.value' failed to satisfy constraint: Member must have length less than or equal to 256`,
        "Value '59' at 'encryptionConfiguration.kmsDataKeyReusePeriodSeconds' failed to satisfy constraint: Member must have value greater than or equal to 60",
      ),
    );
  });

  test("errors, causes, payloads and descriptions are not repeated in refusals [sensitive members]", async () => {
    const { sfn } = workshop;
    const most = (member: string, length: number): string =>
      `Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${length}`;
    const executionArn = `${MACHINE}:e`.replace(":stateMachine:", ":execution:");
    await assert.rejects(
      sfn.stopExecution({ executionArn, error: "e".repeat(257), cause: "c".repeat(32_769) }),
      refusal(most("error", 256), most("cause", 32_768)),
    );
    await assert.rejects(
      sfn.startExecution({ stateMachineArn: MACHINE, input: `"${"ü".repeat(131_072)}"` }),
      refusal(most("input", 262_144)),
    );
    await assert.rejects(
      sfn.publishStateMachineVersion({ stateMachineArn: MACHINE, description: "d".repeat(257) }),
      refusal(most("description", 256)),
    );
  });

  test("ARNs have a length, whatever they name [Arn, LongArn]", async () => {
    const { sfn } = workshop;
    await assert.rejects(
      sfn.describeStateMachine({ stateMachineArn: "" }),
      refusal(
        "Value '' at 'stateMachineArn' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ),
    );
    const long = `${MACHINE}${"x".repeat(300)}`;
    await assert.rejects(sfn.describeStateMachine({ stateMachineArn: long }), {
      message: /Member must have length less than or equal to 256$/,
    });
    // The one that may be long is looked for instead.
    await sfn.deleteStateMachineVersion({ stateMachineVersionArn: `${long}:1` });
  });

  test("what is named by more than any ARN there is does not exist [LongArn, version]", async () => {
    const { sfn } = workshop;
    const machine = await workshop.machine({ StartAt: "S", States: { S: { Type: "Succeed" } } });
    for (const stateMachineVersionArn of [
      `${machine}:${"9".repeat(30)}`,
      `${machine}${"x".repeat(1900)}:1`,
    ])
      await sfn.deleteStateMachineVersion({ stateMachineVersionArn });
    const stateMachineArn = `${machine}:${"9".repeat(30)}`;
    await assert.rejects(sfn.startExecution({ stateMachineArn }), {
      name: "StateMachineDoesNotExist",
    });
    const mapRunArn = `arn:aws:states:us-east-1:000000000000:mapRun:${"x".repeat(1900)}/l:u`;
    await assert.rejects(sfn.describeMapRun({ mapRunArn }), { name: "ResourceNotFound" });
  });

  test("an alias's name and routing are told by their bounds before their meaning [CreateStateMachineAlias]", async () => {
    const { sfn } = workshop;
    const version = `${MACHINE}:1`;
    const bad = `${"x".repeat(80)}!`;
    await assert.rejects(
      sfn.createStateMachineAlias({
        name: bad,
        routingConfiguration: [{ stateMachineVersionArn: version, weight: 101 }],
      }),
      refusal(
        `Value '${bad}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80`,
        `Value '${bad}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$`,
        "Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than or equal to 100",
      ),
    );
    await assert.rejects(
      sfn.createStateMachineAlias({ name: "a", routingConfiguration: [] }),
      refusal(
        "Value '[]' at 'routingConfiguration' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ),
    );
    await assert.rejects(
      sfn.createStateMachineAlias({
        name: "a",
        routingConfiguration: [{ stateMachineVersionArn: version, weight: 99 }],
      }),
      { name: "ValidationException", reason: "INVALID_ROUTING_CONFIGURATION" },
    );
  });

  test("the tokens of pages are short, but those of executions [PageToken, ListExecutionsPageToken]", async () => {
    const nextToken = "t".repeat(1025);
    await assert.rejects(workshop.sfn.listStateMachines({ nextToken, maxResults: 1001 }), {
      name: "ValidationException",
      message: /^2 validation errors detected: .*or equal to 1000; .* or equal to 1024$/,
    });
    const stateMachineArn = await workshop.machine(JSON.parse(DEFINITION));
    await assert.rejects(workshop.sfn.listExecutions({ stateMachineArn, nextToken }), {
      name: "InvalidToken",
    });
  });

  test("trace headers and client tokens are ASCII [TraceHeader, ClientToken]", async () => {
    const { sfn } = workshop;
    await assert.rejects(
      sfn.startExecution({ stateMachineArn: MACHINE, traceHeader: "é" }),
      refusal(
        "Value 'é' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \\p{ASCII}*",
      ),
    );
    const executionArn = `${MACHINE}:e`.replace(":stateMachine:", ":execution:");
    await assert.rejects(
      sfn.redriveExecution({ executionArn, clientToken: "a b" }),
      refusal(
        "Value 'a b' at 'clientToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [!-~]+",
      ),
    );
  });

  test("the trace of a request's header counts for more than the body's [StartExecution traceHeader]", async () => {
    const stateMachineArn = await workshop.machine(JSON.parse(DEFINITION));
    const start = async (headers: Record<string, string>): Promise<string | undefined> => {
      const response = await fetch(workshop.server.url, {
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.0",
          "x-amz-target": "AWSStepFunctions.StartExecution",
          ...headers,
        },
        body: JSON.stringify({ stateMachineArn, traceHeader: "Root=body" }),
      });
      const { executionArn }: { executionArn: string } = JSON.parse(await response.text());
      return (await workshop.sfn.describeExecution({ executionArn })).traceHeader;
    };
    assert.equal(await start({}), "Root=body");
    assert.equal(await start({ "x-amzn-trace-id": "Root=header" }), "Root=header");
  });

  test("tags have the characters that AWS allows, and its own prefix is reserved [tags]", async () => {
    for (const key of ["a<b>", "aws:foo"]) {
      await assert.rejects(
        workshop.sfn.createActivity({ name: "tagged", tags: [{ key, value: "v" }] }),
        { name: "ValidationException", message: /^Tag/ },
      );
    }
    await workshop.sfn.createActivity({
      name: "tagged",
      tags: [{ key: "Größe 1_.:/=+-@", value: "" }],
    });
  });
}
