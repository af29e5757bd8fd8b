/**
 * Checks what is assumed of real GPUs against what others measured on them:
 *
 *     TUNEBOOK_DATA=folder deno task bench:gpu-evidence
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { OptionError } from "../../lib/base/error.ts";
import { estimatedNs } from "../../lib/estimate/time.ts";
import { gemmPoints, nvidiaCard } from "./gpu_evidence/gemm_points.ts";
import { rankCorrelation, shareOfBest } from "./gpu_evidence/ranks.ts";

const COMMAND = {
  name: "deno task bench:gpu-evidence",
  summary:
    "Checks estimates and presets of GPUs against what others measured, in the folder that TUNEBOOK_DATA names.",
  options: {},
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchEvidence(args: readonly string[]): Promise<void> {
  argumentsOf(COMMAND, args);
  const folder = Deno.env.get("TUNEBOOK_DATA");
  if (folder === undefined) {
    throw new OptionError(
      "expected TUNEBOOK_DATA to name a folder with kernel_tuner/gemm_*.csv.gz, got nothing",
    );
  }
  console.log(
    "estimate of SGEMM 4096³ on measured spaces: rank correlation, favourite, best of its top eight",
  );
  for (const card of ["rtx_3090", "rtx_2080_ti"]) {
    const points = await gemmPoints(folder, card), ms = points.map((p) => p.ms);
    const estimates = points.map((p) => estimatedNs(p.func, nvidiaCard()));
    const row = [
      rankCorrelation(estimates, ms),
      shareOfBest(estimates, ms, 1),
      shareOfBest(estimates, ms, 8),
    ];
    console.log(
      `  ${card.padEnd(12)} ${row.map((x) => x.toFixed(3)).join("  ")}  of ${points.length} points`,
    );
  }
}

await runCommand(COMMAND, benchEvidence);
