/** A function that remembers the values it made for the last `limit` distinct texts. */
export function remembering<Value>(
  limit: number,
  make: (text: string) => Value,
): (text: string) => Value {
  const values = new Map<string, Value>();
  return (text) => {
    const known = values.get(text);
    if (known !== undefined) return known;
    const made = make(text);
    if (values.size >= limit) {
      const [oldest] = values.keys();
      if (oldest !== undefined) values.delete(oldest);
    }
    values.set(text, made);
    return made;
  };
}
