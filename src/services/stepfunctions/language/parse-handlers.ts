import type { Catcher, ErrorHandling, Retrier } from "./definition.ts";
import type { Fields } from "./fields.ts";
import { MAX_DELAY_SECONDS, MAX_RETRY_ATTEMPTS, MAX_SECONDS } from "./limits.ts";
import { assignField, jsonataTemplateField, resultPathField } from "./parse-expressions.ts";

/** Retry and Catch of a Task, Parallel or Map. */
export function errorHandling(fields: Fields): ErrorHandling {
  const retriers = fields.list("Retry") ?? [];
  const catchers = fields.list("Catch") ?? [];
  return {
    retry: retriers.map((retrier, index) => readRetrier(retrier, index === retriers.length - 1)),
    catch: catchers.map((catcher, index) => readCatcher(catcher, index === catchers.length - 1)),
  };
}

function readRetrier(fields: Fields, isLast: boolean): Retrier {
  const retrier: Retrier = {
    errorEquals: errorEquals(fields, isLast),
    intervalSeconds: fields.integer("IntervalSeconds", { minimum: 1, maximum: MAX_SECONDS }) ?? 1,
    maxAttempts: fields.integer("MaxAttempts", { minimum: 0, maximum: MAX_RETRY_ATTEMPTS }) ?? 3,
    backoffRate: fields.number("BackoffRate", { minimum: 1 }) ?? 2,
    maxDelaySeconds: fields.integer("MaxDelaySeconds", { minimum: 1, maximum: MAX_DELAY_SECONDS }),
    jitterStrategy: fields.option("JitterStrategy", ["FULL", "NONE"]) ?? "NONE",
  };
  fields.text("Comment");
  const { maxDelaySeconds, intervalSeconds } = retrier;
  if (maxDelaySeconds !== undefined && maxDelaySeconds <= intervalSeconds) {
    fields.report(
      "MaxDelaySeconds must be greater than IntervalSeconds",
      fields.at("MaxDelaySeconds"),
    );
  }
  fields.finish();
  return retrier;
}

function readCatcher(fields: Fields, isLast: boolean): Catcher {
  fields.require("Next");
  const catcher: Catcher = {
    errorEquals: errorEquals(fields, isLast),
    next: fields.text("Next") ?? "",
    comment: fields.text("Comment"),
    resultPath: resultPathField(fields),
    output: jsonataTemplateField(fields, "Output", "$states.errorOutput"),
    assign: assignField(fields, "$states.errorOutput"),
  };
  fields.finish();
  return catcher;
}

function errorEquals(fields: Fields, isLast: boolean): readonly string[] {
  fields.require("ErrorEquals");
  const names = fields.texts("ErrorEquals") ?? [];
  const index = names.indexOf("States.ALL");
  if (index !== -1 && (names.length > 1 || !isLast)) {
    fields.report(
      "States.ALL must appear alone and at end of list",
      `${fields.at("ErrorEquals")}[${index}]`,
    );
  }
  return names;
}
