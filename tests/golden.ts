import { assertEquals } from "@std/assert";

const update = Deno.args.includes("--update");

/**
 * Holds `text` against tests/goldens/`name`. With `deno task test --update` the file is written instead, and
 * the change is read in the diff.
 */
export function golden(name: string, text: string): void {
  const url = new URL(`./goldens/${name}`, import.meta.url);
  const whole = text.endsWith("\n") ? text : `${text}\n`;
  if (update) {
    Deno.mkdirSync(new URL(".", url), { recursive: true });
    Deno.writeTextFileSync(url, whole);
    return;
  }
  let known = "";
  try {
    known = Deno.readTextFileSync(url);
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e;
  }
  assertEquals(whole, known, `tests/goldens/${name} (deno task test --update writes it)`);
}
