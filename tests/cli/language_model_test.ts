/** The commands of language models, with the model that ships. */
import { assert, assertEquals } from "@std/assert";
import OpenAI from "openai";

const ROOT = new URL("../../", import.meta.url);
const command = (script: string, ...args: readonly string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "--no-check", `lib/cli/${script}.ts`, ...args],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });

/** Runs a command to its end with some input. */
async function ran(script: string, args: readonly string[], input = "") {
  const child = command(script, ...args).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("chat answers each line, and remembers the conversation", async () => {
  const lines = [
    "My name is Ada.",
    "What is my name?",
    "/stats",
    "/new",
    "What is my name?",
  ];
  const { code, out, err } = await ran(
    "chat",
    ["--temperature", "0", "--backend", "cpu"],
    lines.join("\n") + "\n",
  );
  assertEquals(code, 0, err);
  const [, , known, stats, unknown] = out.trim().split("\n");
  assert(known?.includes("Ada"), out);
  assert(/^prompt: \d+ tokens\/s; answer: [\d.]+ tokens\/s/.test(stats ?? ""), out);
  assert(!unknown?.includes("Ada"), out);
});

Deno.test("serve answers OpenAI's client, several at once, and ends at a signal", async () => {
  const child = command("serve", "lib/models/fables", "--port", "0", "--backend", "cpu").spawn();
  await child.stdin.close();
  const lines = child.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let said = "", url: string | undefined;
  while (url === undefined) {
    const { done, value = "" } = await lines.next();
    assert(!done, "the server said its address");
    said += value;
    url = /http:\/\/\S+\/v1/.exec(said)?.[0];
  }
  const client = new OpenAI({ apiKey: "none", baseURL: url, maxRetries: 0 });
  const ask = (content: string) =>
    client.chat.completions.create({
      model: "fables",
      messages: [{ role: "user", content }],
      temperature: 0,
    });
  const alone = await ask("Hello!");
  const texts = await Promise.all(["Hello!", "What is tiling?", "Hello!"].map(ask));
  assertEquals(alone.choices[0]?.finish_reason, "stop");
  assertEquals(
    [0, 2].map((k) => texts[k]?.choices[0]?.message.content),
    Array(2).fill(alone.choices[0]?.message.content),
  );
  child.kill("SIGTERM");
  for (let next = await lines.next(); !next.done; next = await lines.next()) said += next.value;
  const { code } = await child.status;
  await child.stderr.cancel();
  assertEquals(code, 0, said);
});

Deno.test("serve refuses other machines without a key", async () => {
  const { code, err } = await ran("serve", ["lib/models/fables", "--host", "0.0.0.0"]);
  assertEquals(code, 1);
  assert(err.includes("expected --key with --host 0.0.0.0, got none"), err);
});
