/**
 * Runs ONNX's own tests of operators: `deno task onnx:conformance`. With `--peers`, ONNX Runtime Web runs them too, and the end is a table.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../../lib/cli/arguments.ts";
import { flag, name } from "../../../lib/base/option_kinds.ts";
import { BACKEND, deviceFrom } from "../../../lib/cli/common_options.ts";
import { ONLY } from "../../bench/options.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { casesOf, FOLDER } from "./conformance_cases.ts";
import { PROVIDERS, runPeer } from "./conformance_peers.ts";
import { verdictOf } from "./conformance_verdict.ts";

const COMMAND = {
  name: "deno task onnx:conformance",
  summary: "Runs ONNX's own tests of operators, from Debian's libonnx-testdata.",
  options: {
    backend: { ...BACKEND, help: "The device. Default cpu." },
    interpret: { as: "flag", kind: flag, help: "Runs the interpreter instead of a device." },
    only: ONLY,
    folder: { as: "text", kind: name, value: "FOLDER", help: `Where the tests are. Default ${FOLDER}.` },
    list: { as: "flag", kind: flag, help: "Prints a line a test." },
    peers: { as: "flag", kind: flag, help: "Runs ONNX Runtime Web, too; the end is a table." },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function conformance(args: readonly string[]): Promise<number | void> {
  const { backend = "cpu", interpret, only = "", folder = FOLDER, list, peers } =
    argumentsOf(COMMAND, args).values;
  using device = interpret ? undefined : await Device.open(deviceFrom(backend));
  const counts = { passed: 0, fixed: 0, wrong: 0, refused: 0 }, reasons = new Map<string, string[]>();
  for (const c of casesOf(folder, only)) {
    const { kind, reason } = await verdictOf(c, device);
    counts[kind]++;
    if (kind === "wrong") console.log(`wrong    ${c.name}: ${reason.slice(0, 600)}`);
    if (list || (only && kind === "refused")) {
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

  if (peers) {
    console.log(`\n${"".padEnd(32)}passed  wrong  refused`);
    const show = (name: string, numbers: readonly number[]) =>
      console.log(`${name.padEnd(30)}${numbers.map((n) => `${n}`.padStart(8)).join("")}`);
    show("Tunebook", [passed, counts.wrong, counts.refused]);
    for (const provider of PROVIDERS) {
      const say = list ? console.log : () => {};
      const { passed, wrong, refused } = await runPeer(provider, folder, say);
      show(`onnxruntime-web ${provider}`, [passed, wrong, refused]);
    }
  }
}

await runCommand(COMMAND, conformance);
