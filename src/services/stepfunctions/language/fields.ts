import type { QueryLanguage } from "./definition.ts";
import { diagnostic } from "./diagnostics.ts";
import type { Diagnostic, DiagnosticCode } from "./diagnostics.ts";
import { isJsonArray, isJsonObject, memberOf } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";

/** What holds while a definition is read. */
export interface Reading {
  readonly diagnostics: Diagnostic[];
  /** The query language of the state that is read. */
  readonly language: QueryLanguage;
}

/** Bounds of a number, both allowed. */
export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * The fields of one JSON object of a definition. Each accessor says that the object may have the field
 * and reports what is wrong with it; `finish` reports the fields that nobody asked for and those missing.
 * An accessor gives undefined for a field that is absent or wrong.
 */
export class Fields {
  readonly location: string;
  readonly reading: Reading;
  readonly #object: JsonObject;
  readonly #supported = new Set<string>();
  readonly #required: string[] = [];

  constructor(object: JsonObject, location: string, reading: Reading) {
    this.#object = object;
    this.location = location;
    this.reading = reading;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  /** The names of all fields that there are. */
  names(): readonly string[] {
    return Object.keys(this.#object);
  }

  /** The place of a field. */
  at(name: string): string {
    return `${this.location === "/" ? "" : this.location}/${name}`;
  }

  report(
    message: string,
    location: string = this.location,
    code: DiagnosticCode = "SCHEMA_VALIDATION_FAILED",
  ): void {
    this.reading.diagnostics.push(diagnostic(code, message, location));
  }

  value(name: string): Json | undefined {
    this.#supported.add(name);
    return memberOf(this.#object, name);
  }

  require(...names: readonly string[]): void {
    this.#required.push(...names.filter((name) => !this.has(name)));
  }

  /** Says that the object may have one of `names`, and reports when it has more. */
  exclude(...names: readonly string[]): void {
    const present = names.filter((name) => this.has(name));
    for (const name of present) this.#supported.add(name);
    if (present.length < 2) return;
    this.report(`There should only be one of the following fields: [${present.join(", ")}]`);
  }

  /** Whether a field that one query language alone has may be read; reports it in the other language. */
  only(language: QueryLanguage, name: string): boolean {
    this.#supported.add(name);
    if (!this.has(name)) return false;
    if (this.reading.language === language) return true;
    this.report(
      `The QueryLanguage is set to '${this.reading.language}', but field '${name}' is only supported ` +
        `for the '${language}' QueryLanguage`,
    );
    return false;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    return typeof value === "string" ? value : this.#unexpected(name, value, "String");
  }

  boolean(name: string): boolean | undefined {
    const value = this.value(name);
    return typeof value === "boolean" ? value : this.#unexpected(name, value, "Boolean");
  }

  integer(name: string, bounds: Bounds = {}): number | undefined {
    const value = this.value(name);
    if (typeof value !== "number" || !Number.isInteger(value))
      return this.#unexpected(name, value, "Integer");
    this.#checkBounds(name, value, { ...bounds, show: String });
    return value;
  }

  number(name: string, bounds: Bounds = {}): number | undefined {
    const value = this.value(name);
    if (typeof value !== "number") return this.#unexpected(name, value, "Float");
    this.#checkBounds(name, value, { ...bounds, show: (bound) => bound.toFixed(1) });
    return value;
  }

  object(name: string): JsonObject | undefined {
    const value = this.value(name);
    return isJsonObject(value) ? value : this.#unexpected(name, value, "Object");
  }

  /** The fields of an object in the field `name`. */
  fields(name: string): Fields | undefined {
    const object = this.object(name);
    return object && new Fields(object, this.at(name), this.reading);
  }

  /** The objects of an array that has one element at least. */
  list(name: string): readonly Fields[] | undefined {
    const value = this.value(name);
    if (!isJsonArray(value)) return this.#unexpected(name, value, "Array");
    if (value.length === 0) this.report("Minimum number of elements is 1", this.at(name));
    return value.flatMap((item, index) => {
      const location = `${this.at(name)}[${index}]`;
      if (isJsonObject(item)) return [new Fields(item, location, this.reading)];
      this.report("Expected value of type Object", location);
      return [];
    });
  }

  /** The texts of an array that has one element at least. */
  texts(name: string): readonly string[] | undefined {
    const value = this.value(name);
    if (!isJsonArray(value)) return this.#unexpected(name, value, "Array");
    if (value.length === 0) this.report("Minimum number of elements is 1", this.at(name));
    return value.filter((item, index): item is string => {
      if (typeof item === "string") return true;
      this.report("Expected value of type String", `${this.at(name)}[${index}]`);
      return false;
    });
  }

  /** One of `options`. */
  option<Option extends string>(name: string, options: readonly Option[]): Option | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = options.find((option) => option === value);
    if (found === undefined)
      this.report(`Value must be one of [${options.join(", ")}]`, this.at(name));
    return found;
  }

  /** Reports what the object has without being allowed to, and what it lacks. */
  finish(): void {
    for (const name of Object.keys(this.#object)) {
      if (!this.#supported.has(name)) this.report(`Field '${name}' is not supported`);
    }
    if (this.#required.length > 0)
      this.report(`These fields are required: [${this.#required.join(", ")}]`);
  }

  #unexpected(name: string, value: Json | undefined, type: string): undefined {
    if (value !== undefined) this.report(`Expected value of type ${type}`, this.at(name));
  }

  #checkBounds(
    name: string,
    value: number,
    { minimum, maximum, show }: Bounds & { readonly show: (bound: number) => string },
  ): void {
    if (minimum !== undefined && value < minimum)
      this.report(`Minimum value is ${show(minimum)}`, this.at(name));
    if (maximum !== undefined && value > maximum)
      this.report(`Maximum value is ${show(maximum)}`, this.at(name));
  }
}
