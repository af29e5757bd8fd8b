/** Commands as processes. */
import { assertMatch } from "@std/assert";

/** A command as a process, with what it prints. */
export function start(command: string, ...args: readonly string[]) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "--no-check", `lib/cli/${command}.ts`, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let said = "";
  const reading = (async () => {
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
  return {
    said: () => said,
    until: async (words: RegExp) => {
      for (let k = 0; k < 1200 && !words.test(said); k++) await new Promise((r) => setTimeout(r, 50));
      assertMatch(said, words);
    },
    end: async () => {
      process.kill("SIGTERM");
      const { code } = await process.status;
      await reading;
      return code;
    },
  };
}
