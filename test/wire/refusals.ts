import { ServiceError } from "../../src/kernel/errors.ts";
import { shortPath } from "../../src/kernel/input-path.ts";
import type { Refusals } from "../../src/kernel/service.ts";

/** Refusals in words that tests can tell apart. */
export const plainRefusals: Refusals = {
  missing: ([first], operation) =>
    new ServiceError("Missing", `${operation} lacks ${shortPath(first)}`),
  wrongType: (path, expected, actual) =>
    new ServiceError("WrongType", `${path}: ${actual} is no ${expected}`),
};
