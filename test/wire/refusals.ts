import { ServiceError } from "../../src/kernel/errors.ts";
import type { Refusals } from "../../src/kernel/service.ts";

/** Refusals in words that tests can tell apart. */
export const plainRefusals: Refusals = {
  missing: (path, operation) => new ServiceError("Missing", `${operation} lacks ${path}`),
  wrongType: (path, expected, actual) =>
    new ServiceError("WrongType", `${path}: ${actual} is no ${expected}`),
};
