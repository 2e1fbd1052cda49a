import { createPublicKey, createSign, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";

/**
 * A self-signed X.509 version 3 certificate (RFC 5280) for an RSA key, in DER written by hand: the
 * few fields that validators of SNS messages read. Answers PEM.
 */
export function selfSignedCertificate(privateKey: KeyObject, subject: CertificateSubject): string {
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const name = distinguishedName(subject.commonName);
  const body = sequence(
    tagged(0xa0, integer(Uint8Array.of(2))),
    integer(subject.serialNumber),
    SHA256_WITH_RSA,
    name,
    sequence(time(subject.fromMs), time(subject.untilMs)),
    name,
    publicKey,
  );
  const signature = createSign("sha256").update(body).sign(privateKey);
  const der = sequence(
    body,
    SHA256_WITH_RSA,
    tagged(0x03, Buffer.concat([Uint8Array.of(0), signature])),
  );
  return new X509Certificate(der).toString();
}

/** Whom a certificate names, and when it is valid. */
export interface CertificateSubject {
  readonly commonName: string;
  /** Big-endian. */
  readonly serialNumber: Uint8Array;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** 1.2.840.113549.1.1.11 with its null parameter. */
const SHA256_WITH_RSA: Buffer = Buffer.from("300d06092a864886f70d01010b0500", "hex");
/** 2.5.4.3, commonName. */
const COMMON_NAME: Buffer = Buffer.from("0603550403", "hex");

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(COMMON_NAME, tagged(0x0c, Buffer.from(commonName, "utf8")));
  return sequence(tagged(0x31, attribute));
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280, 4.1.2.5). */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
  const isNear = digits < "2050";
  const text = `${isNear ? digits.slice(2) : digits}Z`;
  return tagged(isNear ? 0x17 : 0x18, Buffer.from(text, "latin1"));
}

/** A positive integer, in as few bytes as hold it: readers refuse more (X.690, 8.3.2). */
function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  const looksNegative = (digits[0] ?? 0) >= 0x80;
  return tagged(0x02, looksNegative ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(tag), length(content.byteLength), content]);
}

function length(count: number): Uint8Array {
  if (count < 0x80) return Uint8Array.of(count);
  const bytes = Buffer.from(count.toString(16).padStart(count > 0xff ? 4 : 2, "0"), "hex");
  return Uint8Array.of(0x80 | bytes.byteLength, ...bytes);
}
