/** Gives a name that is not in `taken`, like `wanted`, and adds it: `C`, `C_1`, `C_2`. */
export function freshName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let k = 1; taken.has(name); k++) name = `${wanted}_${k}`;
  taken.add(name);
  return name;
}
