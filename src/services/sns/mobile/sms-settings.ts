import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Reader, Tx } from "../../../kernel/store.ts";
import { invalidParameter } from "../errors.ts";
import { SANDBOX_NUMBER, SMS_SETTINGS } from "../keys.ts";
import type { SmsOwner } from "./sms.ts";
import type { Sns } from "../sns.ts";

/** A number that may be sent to while the account is in the sandbox. */
export interface SandboxRecord {
  readonly status: "Pending" | "Verified";
  /** Asked for until it is verified. */
  readonly code: string;
}

/** Patterns of values; "SetSMSAttributes" in the API reference. */
const SETTINGS: Readonly<Record<string, RegExp>> = {
  DefaultSMSType: /^(?:Promotional|Transactional)$/,
  DefaultSenderID: /^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/,
  DeliveryStatusIAMRole: /^arn:[^:]+:iam::\d{12}:role\/.+$/,
  DeliveryStatusSuccessSamplingRate: /^(?:100|[1-9]?\d)$/,
  MonthlySpendLimit: /^\d{1,9}$/,
  UsageReportS3Bucket: /^[a-z0-9.-]{1,63}$/,
};

/** Throws InvalidParameter for what is no setting; an empty value unsets any. */
export function checkSetting(name: string, value: string): void {
  const pattern = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
  if (pattern === undefined) throw invalidParameter(`${name} is not a valid attribute`);
  if (value !== "" && !pattern.test(value))
    throw invalidParameter(`${name} has an invalid value: ${value}`);
}

/** What an account has that nobody set anything for: it may spend a dollar a month. */
const DEFAULTS: Readonly<Record<string, string>> = { MonthlySpendLimit: "1" };

/** The settings of an account in a region. */
export async function readSettings(
  reader: Reader,
  { accountId, region }: SmsOwner,
): Promise<Readonly<Record<string, string>>> {
  const value = await reader.get(SMS_SETTINGS.key(accountId, region));
  return value === undefined
    ? DEFAULTS
    : { ...DEFAULTS, ...decodeRecord<Record<string, string>>(value) };
}

/** Writes the settings of an account in a region; those that are empty are as if never set. */
export function putSettings(
  tx: Tx,
  { accountId, region }: SmsOwner,
  settings: Readonly<Record<string, string>>,
): void {
  const set = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
  tx.put(SMS_SETTINGS.key(accountId, region), encodeRecord(set));
}

/** Whether messages go to verified numbers only: by the option `sns.smsSandbox`. */
export function isInSandbox(sns: Sns): boolean {
  return sns.deps.settings.option("sns.smsSandbox") === "true";
}

/** A number of the sandbox; undefined when it was not added. */
export async function findSandboxNumber(
  reader: Reader,
  { accountId, region }: SmsOwner,
  number: string,
): Promise<SandboxRecord | undefined> {
  const value = await reader.get(SANDBOX_NUMBER.key(accountId, region, number));
  return value && decodeRecord<SandboxRecord>(value);
}
