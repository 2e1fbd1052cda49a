import { createPrivateKey, generateKeyPair, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Deps } from "../../../kernel/operation.ts";
import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { selfSignedCertificate } from "./certificate.ts";
import { textToSign } from "./envelope.ts";
import type { EnvelopeContent, EnvelopeSignature, SignatureVersion } from "./envelope.ts";
import { SIGNING_KEY } from "../keys.ts";
import { DAY_MS, LIMITS } from "../limits.ts";

/** The key as the store keeps it. */
export interface SigningKeyRecord {
  readonly id: string;
  /** PKCS#8 in PEM. */
  readonly privateKey: string;
  readonly certificate: string;
}

/** The key as it signs. */
export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly certificate: string;
}

/** Where the pages of this service are. */
const PAGES_PATH = "/_waystation/sns";
const KEY_NAME = "current";
const KEY_OPTIONS = { modulusLength: 2_048 };
const ALGORITHMS: Readonly<Record<SignatureVersion, string>> = { "1": "sha1", "2": "sha256" };

/** Signs envelopes with the store's one RSA key, made when it is first needed. */
export class Signer {
  readonly #deps: Deps;
  /** Signatures made lately, by version and text. */
  readonly #remembered = new Map<string, Promise<EnvelopeSignature>>();
  #key: SigningKey | undefined;
  #loading: Promise<SigningKey> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The key as a transaction sees it; `spare` becomes the key when there is none. */
  async keyWithin(tx: Tx, spare?: SigningKeyRecord): Promise<SigningKey> {
    if (this.#key !== undefined) return this.#key;
    const value = await tx.get(SIGNING_KEY.key(KEY_NAME));
    const record =
      value === undefined
        ? (spare ?? this.#record(generateKeyPairSync("rsa", KEY_OPTIONS).privateKey))
        : decodeRecord<SigningKeyRecord>(value);
    if (value === undefined) tx.put(SIGNING_KEY.key(KEY_NAME), encodeRecord(record));
    const key = { ...record, privateKey: createPrivateKey(record.privateKey) };
    tx.afterCommit(() => {
      this.#key = key;
    });
    return key;
  }

  /** Signs on this thread. */
  signNow(key: SigningKey, content: EnvelopeContent, version: SignatureVersion): EnvelopeSignature {
    const bytes = sign(ALGORITHMS[version], Buffer.from(textToSign(content)), key.privateKey);
    return this.#signature(key, version, bytes);
  }

  /**
   * Signs on another thread, so that this one goes on. What many subscriptions get of one message is
   * signed once.
   */
  sign(content: EnvelopeContent, version: SignatureVersion): Promise<EnvelopeSignature> {
    const text = textToSign(content);
    if (text.length > LIMITS.rememberedSignatureLength) return this.#signElsewhere(text, version);
    const name = version + text;
    let signature = this.#remembered.get(name);
    if (signature === undefined) {
      signature = this.#signElsewhere(text, version);
      this.#remembered.set(name, signature);
      signature.catch(() => this.#remembered.delete(name));
      this.#forgetOldest();
    }
    return signature;
  }

  async #signElsewhere(text: string, version: SignatureVersion): Promise<EnvelopeSignature> {
    const key = await this.#load();
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      sign(ALGORITHMS[version], Buffer.from(text), key.privateKey, (error, signed) => {
        if (error === null) resolve(signed);
        else reject(error);
      });
    });
    return this.#signature(key, version, bytes);
  }

  #forgetOldest(): void {
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= LIMITS.rememberedSignatures) return;
      this.#remembered.delete(oldest);
    }
  }

  /** The certificate at a path among the pages, in PEM; undefined when it is another path. */
  async certificateAt(path: string): Promise<string | undefined> {
    if (!path.endsWith(".pem")) return undefined;
    const { id, certificate } = await this.#load();
    return path === certificatePath(id) ? certificate : undefined;
  }

  /** The key, loaded once for all who ask meanwhile. */
  async #load(): Promise<SigningKey> {
    if (this.#key !== undefined) return this.#key;
    this.#loading ??= this.#loadFromStore().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Making a key takes long: where it can be, it is made on another thread, outside of transactions. */
  async #loadFromStore(): Promise<SigningKey> {
    const { store } = this.#deps;
    const stored = await store.read((reader) => reader.get(SIGNING_KEY.key(KEY_NAME)));
    const spare = stored === undefined ? this.#record(await newPrivateKey()) : undefined;
    return store.transact((tx) => this.keyWithin(tx, spare));
  }

  #signature(key: SigningKey, version: SignatureVersion, bytes: Buffer): EnvelopeSignature {
    const { settings } = this.#deps;
    // The official validators want https, which may end in front of this server.
    const base = settings.option("sns.certificateBaseUrl") ?? settings.publicUrl();
    return {
      version,
      signature: bytes.toString("base64"),
      certificateUrl: `${base}${PAGES_PATH}${certificatePath(key.id)}`,
    };
  }

  #record(privateKey: KeyObject): SigningKeyRecord {
    const { clock, random } = this.#deps;
    const serialNumber = random.bytes(16);
    const certificate = selfSignedCertificate(privateKey, {
      commonName: "sns.amazonaws.com",
      serialNumber,
      fromMs: clock.now() - DAY_MS,
      untilMs: clock.now() + 3_650 * DAY_MS,
    });
    return {
      id: Buffer.from(serialNumber).toString("hex"),
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      certificate,
    };
  }
}

/** Named as AWS names its own. */
function certificatePath(id: string): string {
  return `/SimpleNotificationService-${id}.pem`;
}

function newPrivateKey(): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    generateKeyPair("rsa", KEY_OPTIONS, (error, _publicKey, privateKey) => {
      if (error === null) resolve(privateKey);
      else reject(error);
    });
  });
}
