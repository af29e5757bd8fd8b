/**
 * Runs ONNX's own tests of operators: `deno task onnx:conformance [--webgpu] [--interpret] [--only TEXT] [--folder PATH]
 * [--list] [--peers]`. With `--peers`, ONNX Runtime Web runs them too, and the end is a table.
 */
import { Device } from "../../../lib/runtime/device.ts";
import { casesOf, FOLDER } from "./conformance_cases.ts";
import { PROVIDERS, runPeer } from "./conformance_peers.ts";
import { verdictOf } from "./conformance_verdict.ts";

const args = [...Deno.args];
const flagOf = (name: string) => args.includes(name);
const valueOf = (name: string) => args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const folder = valueOf("--folder") ?? FOLDER, only = valueOf("--only") ?? "";

using device = flagOf("--interpret")
  ? undefined
  : await Device.open({ backend: flagOf("--webgpu") ? "webgpu" : "cpu" });
const counts = { passed: 0, fixed: 0, wrong: 0, refused: 0 }, reasons = new Map<string, string[]>();
for (const c of casesOf(folder, only)) {
  const { kind, reason } = await verdictOf(c, device);
  counts[kind]++;
  if (kind === "wrong") console.log(`wrong    ${c.name}: ${reason.slice(0, 600)}`);
  if (flagOf("--list") || (only && kind === "refused")) {
    console.log(`${kind.padEnd(8)} ${c.name}: ${reason.slice(0, 600)}`);
  }
  if (kind !== "refused") continue;
  const short = reason.replace(/ "[^"]*"/g, "").replace(/\d+/g, "#").slice(0, 150);
  reasons.set(short, [...reasons.get(short) ?? [], c.name]);
}
console.log("\nrefused because:");
for (const [reason, names] of [...reasons].toSorted((a, b) => b[1].length - a[1].length)) {
  console.log(`${`${names.length}`.padStart(5)}  ${reason}  (${names[0]})`);
}
const total = Object.values(counts).reduce((a, b) => a + b, 0), passed = counts.passed + counts.fixed;
console.log(
  `\n${total} models: ${passed} passed (${counts.fixed} of them with constant inputs), ` +
    `${counts.wrong} wrong, ${counts.refused} refused`,
);

if (flagOf("--peers")) {
  console.log(`\n${"".padEnd(32)}passed  wrong  refused`);
  const show = (name: string, numbers: readonly number[]) =>
    console.log(`${name.padEnd(30)}${numbers.map((n) => `${n}`.padStart(8)).join("")}`);
  show("Tunebook", [passed, counts.wrong, counts.refused]);
  for (const provider of PROVIDERS) {
    const list = flagOf("--list") ? console.log : () => {};
    const { passed, wrong, refused } = await runPeer(provider, folder, list);
    show(`onnxruntime-web ${provider}`, [passed, wrong, refused]);
  }
}
