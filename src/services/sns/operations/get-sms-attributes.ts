import type { GetSMSAttributesInput, GetSMSAttributesResponse } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { readSettings } from "../mobile/sms-settings.ts";

/** GetSMSAttributes: those that are set, and the spend limit. */
export function getSmsAttributes(): Operation<GetSMSAttributesInput, GetSMSAttributesResponse> {
  return transaction(async ({ caller }, { attributes: names }, tx) => {
    const settings = Object.entries(await readSettings(tx, caller));
    const wanted = settings.filter(
      ([name]) => !names || names.length === 0 || names.includes(name),
    );
    return { attributes: Object.fromEntries(wanted) };
  });
}
