import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import type { Random } from "../../../../src/kernel/random.ts";
import { selfSignedCertificate } from "../../../../src/services/sns/signing/certificate.ts";
import { Signer } from "../../../../src/services/sns/signing/signer.ts";
import { START_MS } from "../fixture.ts";
import { partsInMemory } from "../parts.ts";

describe("the key that signs messages", () => {
  test("certificates have any serial number, whatever bytes it begins with [X.690, 8.3.2]", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    for (const hex of ["7f01", "8001", "0001", "0080", "00000005", "00ff"]) {
      const pem = selfSignedCertificate(privateKey, {
        commonName: "sns.amazonaws.com",
        serialNumber: Buffer.from(hex, "hex"),
        fromMs: START_MS,
        untilMs: START_MS + 1,
      });
      assert.equal(BigInt(`0x${new X509Certificate(pem).serialNumber}`), BigInt(`0x${hex}`), hex);
    }
  });

  test("many first messages at once make one key", async () => {
    const { deps } = partsInMemory().sns;
    let keys = 0;
    const bytes = (count: number): Uint8Array => {
      keys++;
      return deps.random.bytes(count);
    };
    const random: Random = { ...deps.random, bytes };
    const signer = new Signer({ ...deps, random });
    const signatures = await Promise.all(
      ["one", "two", "three"].map((message) => {
        const names = { messageId: message, topicArn: "arn:aws:sns:us-east-1:000000000000:t" };
        const content = {
          type: "Notification",
          message,
          publishedAtMs: START_MS,
          ...names,
        } as const;
        return signer.sign(content, "1");
      }),
    );
    assert.equal(new Set(signatures.map(({ certificateUrl }) => certificateUrl)).size, 1);
    assert.equal(keys, 1);
  });
});
