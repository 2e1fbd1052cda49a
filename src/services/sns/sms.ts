import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { invalidParameter } from "./errors.ts";
import { PHONE_NUMBER } from "./keys.ts";

/** Whose phone numbers and settings are meant. */
export interface SmsOwner {
  readonly accountId: string;
  readonly region: string;
}

export interface PhoneRecord {
  readonly isOptedOut: boolean;
  readonly optedInAtMs?: number;
}

const E164 = /^\+?[1-9]\d{6,14}$/;

/** The number with its plus sign and nothing between its digits. Throws InvalidParameter. */
export function readPhoneNumber(text: string, parameter: string): string {
  const digits = text.replaceAll(/[\s().-]/g, "");
  if (!E164.test(digits)) {
    throw invalidParameter(`${parameter} Reason: ${text} is not valid to publish to`);
  }
  return digits.startsWith("+") ? digits : `+${digits}`;
}

export async function findPhone(
  reader: Reader,
  { accountId, region }: SmsOwner,
  number: string,
): Promise<PhoneRecord | undefined> {
  const value = await reader.get(PHONE_NUMBER.key(accountId, region, number));
  return value && decodeRecord<PhoneRecord>(value);
}

export async function isOptedOut(
  reader: Reader,
  owner: SmsOwner,
  number: string,
): Promise<boolean> {
  return (await findPhone(reader, owner, number))?.isOptedOut ?? false;
}

export function putPhone(
  tx: Tx,
  { accountId, region }: SmsOwner,
  number: string,
  record: PhoneRecord,
): void {
  tx.put(PHONE_NUMBER.key(accountId, region, number), encodeRecord(record));
}
