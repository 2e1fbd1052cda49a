import type { SetSMSAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkSetting, putSettings, readSettings } from "../mobile/sms-settings.ts";
import type { Having } from "../sns.ts";

type Input = Having<SetSMSAttributesInput, "attributes">;

/** SetSMSAttributes. */
export function setSmsAttributes(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { attributes }, tx) => {
    for (const [name, value] of Object.entries(attributes)) checkSetting(name, value);
    putSettings(tx, caller, { ...(await readSettings(tx, caller)), ...attributes });
    return {};
  });
}
