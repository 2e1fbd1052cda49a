import type { Context } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import {
  endpointDisabled,
  invalidParameter,
  optedOut,
  platformApplicationDisabled,
} from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { PublishedMessage } from "../message.ts";
import { putInOutbox } from "../delivery/outbox.ts";
import { findApplication, findEndpointOf } from "./platform.ts";
import { isOptedOut, phoneNumberOf } from "./sms.ts";
import { findSandboxNumber, isInSandbox } from "./sms-settings.ts";
import type { Sns } from "../sns.ts";

/** Publishes to a phone number: into the outbox. */
export async function publishSms(
  sns: Sns,
  tx: Tx,
  context: Context,
  { message, phoneNumber }: { readonly message: PublishedMessage; readonly phoneNumber: string },
): Promise<void> {
  const to = phoneNumberOf(phoneNumber);
  if (to === undefined) {
    throw invalidParameter(`PhoneNumber Reason: ${phoneNumber} is not valid to publish to`);
  }
  const body = message.bodies?.["sms"] ?? message.body;
  if (body.length > LIMITS.smsLength) throw invalidParameter("Message too long");
  if (await isOptedOut(tx, context.caller, to)) throw optedOut();
  if (isInSandbox(sns)) {
    const number = await findSandboxNumber(tx, context.caller, to);
    if (number?.status !== "Verified") {
      throw invalidParameter(
        `PhoneNumber Reason: ${to} is not verified, and the account is in the SMS sandbox`,
      );
    }
  }
  const from = message.attributes["AWS.SNS.SMS.SenderID"]?.value;
  await putInOutbox(sns, tx, {
    kind: "sms",
    to,
    body,
    messageId: message.messageId,
    ...(from === undefined ? {} : { from }),
  });
}

/** Publishes to a device's endpoint: into the outbox, since no push service is connected. */
export async function publishPush(
  sns: Sns,
  tx: Tx,
  { caller }: Context,
  { message, endpointArn }: { readonly message: PublishedMessage; readonly endpointArn: string },
): Promise<void> {
  const endpoint = await findEndpointOf(tx, endpointArn, caller);
  const application = endpoint && (await findApplication(tx, endpoint.application));
  if (endpoint === undefined || application === undefined) {
    throw invalidParameter("TargetArn Reason: No endpoint found for the target arn specified");
  }
  if (application.attributes["Enabled"] === "false") throw platformApplicationDisabled();
  if (!endpoint.enabled) throw endpointDisabled();
  await putInOutbox(sns, tx, {
    kind: "push",
    to: endpointArn,
    body: message.bodies?.[endpoint.application.platform] ?? message.body,
    messageId: message.messageId,
  });
}
