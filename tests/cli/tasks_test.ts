/** Each task that runs a script of this repository prints its help, and refuses an option that it doesn't have. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
};

/** What a task's script says to these arguments. Tasks with packages of peers are left out: they have to be fetched. */
async function said(command: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...command.split(" ").slice(1), ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

const scripts = Object.entries(tasks).filter(([, { command }]) =>
  /^deno run .*\.ts$/.test(command) && !command.includes("tests/peers/")
);

Deno.test("every task that runs a script has a help", async () => {
  const held = scripts.map(async ([name, { command }]) => {
    const { code, out, err } = await said(command, "--help");
    assertEquals([name, code, err], [name, 0, ""]);
    assertStringIncludes(out, `Usage: deno task ${name}`);
  });
  await Promise.all(held);
});

Deno.test("every task that runs a script refuses an unknown option, in a line", async () => {
  const held = scripts.map(async ([name, { command }]) => {
    const { code, out, err } = await said(command, "--nonsense");
    assertEquals([name, code, out], [name, 1, ""]);
    assertMatch(err, /^unknown option --nonsense.*; usage: deno task .*\n$/);
  });
  await Promise.all(held);
});
