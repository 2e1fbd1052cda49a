import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Reader, Tx } from "../../../kernel/store.ts";
import { invalidParameter } from "../errors.ts";
import { PHONE_NUMBER } from "../keys.ts";

/** Whose phone numbers and settings are meant. */
export interface SmsOwner {
  readonly accountId: string;
  readonly region: string;
}

/** What is known of a phone number. */
export interface PhoneRecord {
  readonly isOptedOut: boolean;
  readonly optedInAtMs?: number;
}

const E164 = /^\+?[1-9]\d{6,14}$/;

/** The number with its plus sign and nothing between its digits; undefined when it is none. */
export function phoneNumberOf(text: string): string | undefined {
  const digits = text.replaceAll(/[\s().-]/g, "");
  if (!E164.test(digits)) return undefined;
  return digits.startsWith("+") ? digits : `+${digits}`;
}

/** The number that a caller names, to ask or say something about it. Throws InvalidParameter. */
export function readPhoneNumber(text: string): string {
  const number = phoneNumberOf(text);
  if (number !== undefined) return number;
  throw invalidParameter("PhoneNumber Reason: input incorrectly formatted");
}

/** What is known of a phone number; undefined when nothing is. */
export async function findPhone(
  reader: Reader,
  { accountId, region }: SmsOwner,
  number: string,
): Promise<PhoneRecord | undefined> {
  const value = await reader.get(PHONE_NUMBER.key(accountId, region, number));
  return value && decodeRecord<PhoneRecord>(value);
}

/** Whether the phone's owner wants no messages. */
export async function isOptedOut(
  reader: Reader,
  owner: SmsOwner,
  number: string,
): Promise<boolean> {
  return (await findPhone(reader, owner, number))?.isOptedOut ?? false;
}

/** Writes what is known of a phone number. */
export function putPhone(
  tx: Tx,
  { accountId, region }: SmsOwner,
  number: string,
  record: PhoneRecord,
): void {
  tx.put(PHONE_NUMBER.key(accountId, region, number), encodeRecord(record));
}
