/** Makes `console.assert` throw, so that an example in the docs fails where it is wrong. Deno itself only prints. */
const print = console.assert;
console.assert = (condition?: boolean, ...said: unknown[]): void => {
  print(condition, ...said);
  if (!condition) throw new Error(`expected an assertion to hold, got one that does not: ${said.join(" ")}`);
};
