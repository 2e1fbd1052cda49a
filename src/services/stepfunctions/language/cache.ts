/** What an entry weighs beyond its text, in characters. */
const ENTRY_WEIGHT = 500;

/**
 * A function that remembers the values it made last, as long as the texts that they were made of have
 * `limitCharacters` together (and 500 more for each). A text of more than a tenth of that is made anew each time.
 */
export function remembering<Value>(
  limitCharacters: number,
  make: (text: string) => Value,
): (text: string) => Value {
  const values = new Map<string, Value>();
  let weight = 0;
  return (text) => {
    const known = values.get(text);
    if (known !== undefined) return known;
    const made = make(text);
    if (text.length > limitCharacters / 10) return made;
    values.set(text, made);
    weight += text.length + ENTRY_WEIGHT;
    for (const oldest of values.keys()) {
      if (weight <= limitCharacters) break;
      values.delete(oldest);
      weight -= oldest.length + ENTRY_WEIGHT;
    }
    return made;
  };
}
