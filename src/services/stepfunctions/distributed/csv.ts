/** The characters that separate fields, by their names in a ReaderConfig. */
export const DELIMITERS: Readonly<Record<string, string>> = {
  COMMA: ",",
  PIPE: "|",
  SEMICOLON: ";",
  SPACE: " ",
  TAB: "\t",
};

/** The rows of a CSV text that arrives in pieces (RFC 4180; quotes are doubled inside of quotes). */
export async function* csvRows(
  pieces: AsyncIterable<string>,
  delimiter: string,
): AsyncIterable<string[]> {
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  let sawQuote = false;
  for await (const piece of pieces) {
    for (const character of piece) {
      if (isQuoted) {
        if (character !== '"') field += character;
        else {
          isQuoted = false;
          sawQuote = true;
        }
        continue;
      }
      if (character === '"') {
        // A quote right after a closing one is a quote in the field.
        if (sawQuote) field += '"';
        isQuoted = true;
        sawQuote = false;
        continue;
      }
      sawQuote = false;
      if (character === delimiter) {
        row.push(field);
        field = "";
      } else if (character === "\n") {
        row.push(field.endsWith("\r") ? field.slice(0, -1) : field);
        field = "";
        if (row.length > 1 || row[0] !== "") yield row;
        row = [];
      } else field += character;
    }
  }
  if (field === "" && row.length === 0) return;
  row.push(field);
  yield row;
}
