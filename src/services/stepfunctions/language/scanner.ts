/** What is wrong with the text of a path or an intrinsic function. */
export class ExpressionSyntaxError extends Error {
  override readonly name = "ExpressionSyntaxError";
}

/** Deepest nesting of parentheses in a filter. */
const MAX_NESTING = 50;

/** Reads an expression's text from left to right. Its methods throw {@link ExpressionSyntaxError}. */
export class Scanner {
  readonly text: string;
  at = 0;
  #nesting = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The character at the place that `ahead` is away, or the empty string past the end. */
  peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead);
  }

  /** Goes past `literal` if it comes next. */
  take(literal: string): boolean {
    if (!this.text.startsWith(literal, this.at)) return false;
    this.at += literal.length;
    return true;
  }

  expect(literal: string): void {
    if (!this.take(literal)) this.fail(`expected '${literal}'`);
  }

  /** Goes past what `sticky` (a pattern with the flag y) matches here. */
  match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  skipSpaces(): void {
    while (
      this.peek() === " " ||
      this.peek() === "\t" ||
      this.peek() === "\n" ||
      this.peek() === "\r"
    )
      this.at += 1;
  }

  /** Runs `read` one level deeper. */
  nested<Result>(read: () => Result): Result {
    this.#nesting += 1;
    if (this.#nesting > MAX_NESTING) this.fail(`nested deeper than ${MAX_NESTING} levels`);
    const result = read();
    this.#nesting -= 1;
    return result;
  }

  fail(problem: string): never {
    throw new ExpressionSyntaxError(`${problem} at position ${this.at}`);
  }
}
