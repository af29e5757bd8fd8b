/** Other libraries on the same operators. */
import { fileURLToPath } from "node:url";
import { type Table, tableFromIPC } from "npm:apache-arrow@21.2.0";
import { RecordError } from "../../records/error.ts";
import { kindOf, readFile } from "../../records/read_file.ts";
import type { StageContext } from "./stage.ts";

const PEERS = new URL("../../../tests/peers/", import.meta.url);

/** The benchmark's operators; each takes some ten seconds. */
const OPERATORS = ["softmax", "matmul_512", "q4_gemv", "attention_prefill", "gemv", "conv2d_3x3"];

/** Runs the peers' benchmark in a process of its own, as it needs their packages. */
export async function peers({ device, out, seconds, stop }: StageContext): Promise<Table> {
  const path = (name: string) => fileURLToPath(new URL(name, PEERS));
  if (PEERS.protocol !== "file:" || kindOf("comparing with peers", path("bench.ts")) !== "file") {
    throw new RecordError(
      "expected the peers' benchmark, tests/peers, got none; run the survey in a checkout",
    );
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", "--quiet", "--no-check", "--config", path("deno.json"), path("bench.ts")],
      ...[
        "--backend",
        device.target.language === "wgsl" ? "webgpu" : "cpu",
        "--no-tune",
        "--rounds",
        "3",
        "--out",
        `${out}/peers`,
      ],
      ...OPERATORS.slice(0, Math.max(1, seconds / 10)).flatMap((name) => ["--only", name]),
    ],
    stdout: "null",
    stderr: "piped",
    signal: stop,
  }).output();
  if (!success) {
    const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1) ?? "";
    throw new RecordError(
      `expected the peers' benchmark to end well, got: ${said}`,
    );
  }
  return tableFromIPC(await readFile("surveying", `${out}/peers/peers.arrows`));
}
