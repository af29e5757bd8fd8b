/**
 * Checks what is assumed of real GPUs against what others measured on them:
 *
 *     TUNEBOOK_DATA=folder deno task bench:gpu-evidence
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { OptionError } from "../../lib/base/error.ts";
import { estimatedNs } from "../../lib/estimate/time.ts";
import { PRESETS } from "../../lib/dlight/presets.ts";
import { productBanks } from "./gpu_evidence/banks.ts";
import { gemmPoints, nvidiaCard, shareOfTile } from "./gpu_evidence/gemm_points.ts";
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
    const share = shareOfTile(points, PRESETS.nvidia.matmul);
    console.log(`  ${"".padEnd(12)} the preset's tile has ${share.toFixed(3)} of the best speed`);
  }
  showBanks();
}

function showBanks(): void {
  console.log(
    "cycles of loads from workgroup memory for each cycle of products, matmul 4096³ at presets: least, most",
  );
  for (const profile of ["generic-webgpu", "nvidia", "amd", "intel", "apple"] as const) {
    const rows = [false, true].map((transposeB) => {
      const [least, most] = productBanks(profile, transposeB);
      return `${transposeB ? "NT" : "NN"} ${least.toFixed(2)}..${most.toFixed(2)}`;
    });
    console.log(`  ${profile.padEnd(16)} ${rows.join("   ")}`);
  }
}

await runCommand(COMMAND, benchEvidence);
