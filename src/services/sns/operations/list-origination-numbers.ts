import type {
  ListOriginationNumbersRequest,
  ListOriginationNumbersResult,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { LIMITS } from "../limits.ts";
import { readPageSize } from "../page.ts";

/** ListOriginationNumbers: a server without a phone has none. */
export function listOriginationNumbers(): Operation<
  ListOriginationNumbersRequest,
  ListOriginationNumbersResult
> {
  return transaction(async (_context, { MaxResults }) => {
    readPageSize(MaxResults, LIMITS.originationNumbersPage);
    return { PhoneNumbers: [] };
  });
}
