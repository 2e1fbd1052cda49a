import type { ResultWriter } from "../language/definition.ts";
import type { Json } from "../language/json.ts";
import { MAX_RESULT_FILE_BYTES } from "../limits.ts";
import type { ObjectStore, ObjectWriter } from "./objects.ts";

/** Where the results of one status go. */
export interface ResultPlace {
  readonly bucket: string;
  /** All of a file's key before its number, such as `prefix/uuid/SUCCEEDED`. */
  readonly stem: string;
  readonly outputType: ResultWriter["outputType"];
}

/** A file as a manifest lists it. */
export interface ResultFile {
  readonly Key: string;
  readonly Size: number;
}

/** What is around results, and between them. */
const FORMS = {
  JSON: { extension: "json", begin: "[", between: ",", end: "]" },
  JSONL: { extension: "jsonl", begin: "", between: "\n", end: "" },
} as const;

/** Results of one status, written as they come: a new file begins where one has become long enough. */
export class ResultFiles {
  readonly #objects: ObjectStore;
  readonly #place: ResultPlace;
  readonly #longBytes: number;
  readonly #files: ResultFile[] = [];
  #open: { readonly key: string; readonly writer: ObjectWriter } | undefined;

  constructor(objects: ObjectStore, place: ResultPlace, longBytes: number = MAX_RESULT_FILE_BYTES) {
    this.#objects = objects;
    this.#place = place;
    this.#longBytes = longBytes;
  }

  /** Adds a result. Throws States.ResultWriterFailed. */
  async add(value: Json): Promise<void> {
    const { begin, between } = this.#form;
    const isFirst = this.#open === undefined;
    const { writer } = (this.#open ??= await this.#create());
    await writer.append(`${isFirst ? begin : between}${JSON.stringify(value)}`);
    if (writer.sizeBytes >= this.#longBytes) await this.#end();
  }

  /** Ends the last file; answers all. Throws States.ResultWriterFailed. */
  async end(): Promise<readonly ResultFile[]> {
    await this.#end();
    return this.#files;
  }

  /** Lets go of a file that was not ended. */
  async abandon(): Promise<void> {
    await this.#open?.writer.close();
    this.#open = undefined;
  }

  get #form(): (typeof FORMS)["JSON" | "JSONL"] {
    return FORMS[this.#place.outputType === "JSONL" ? "JSONL" : "JSON"];
  }

  async #create(): Promise<{ readonly key: string; readonly writer: ObjectWriter }> {
    const { bucket, stem } = this.#place;
    const key = `${stem}_${this.#files.length}.${this.#form.extension}`;
    return { key, writer: await this.#objects.create(bucket, key) };
  }

  async #end(): Promise<void> {
    if (this.#open === undefined) return;
    const { key, writer } = this.#open;
    await writer.append(this.#form.end);
    await writer.close();
    this.#open = undefined;
    this.#files.push({ Key: key, Size: writer.sizeBytes });
  }
}
