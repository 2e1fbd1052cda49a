/** A step on the way into an input: to a member of a structure, a value of a map, an element of a list. */
export type InputStep =
  | { readonly member: string }
  | { readonly key: string }
  | { readonly index: number };

/** Where something stands in an input, from the outside in. */
export type InputPath = readonly InputStep[];

/** A path in short, like `Entries[0].Id`; empty for the input itself. */
export function shortPath(path: InputPath): string {
  return path.reduce((outer, step) => {
    if ("index" in step) return `${outer}[${step.index}]`;
    const name = "member" in step ? step.member : step.key;
    return outer === "" ? name : `${outer}.${name}`;
  }, "");
}

/** A path as the front ends of older services print it, like `entries.1.member.id`. */
export function memberPath(path: InputPath): string {
  const steps = path.map((step) => {
    if ("index" in step) return `${step.index + 1}.member`;
    if ("key" in step) return `${step.key}.member`;
    return step.member.charAt(0).toLowerCase() + step.member.slice(1);
  });
  return steps.join(".");
}
