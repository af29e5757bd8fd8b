/**
 * Compiles every WGSL source of the conformance table, under every profile of a GPU, with Tint: Chromium's WGSL
 * compiler, which needs no driver (Dawn's null backend). Prints one line of JSON; `tint_test.ts` reads it.
 *
 * It is a program of its own, as Dawn must outlive every other object of the process.
 */
import { create } from "webgpu";
import { compile } from "../../../lib/codegen/compile.ts";
import { fallback } from "../../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../../lib/dlight/schedule.ts";
import { PROFILES, targetOf } from "../../../lib/target/profiles.ts";
import type { Profile, Target } from "../../../lib/target/target.ts";
import { CASES } from "../../dlight/operators.ts";
import { MORE_CASES } from "./more_cases.ts";

/** What was compiled, and what Tint said against it. */
export interface TintReport {
  /** Sources that differ. */
  readonly sources: number;
  /** Profiles that they were made for. */
  readonly profiles: readonly string[];
  /** Errors, each with the operator, the profile and the line that it is about. */
  readonly errors: readonly string[];
}

const gpu = create(["backend=null"]);
Object.assign(globalThis, { dawn: gpu });

async function openDevice() {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error("expected Dawn's null adapter, got none");
  const requiredFeatures = (["shader-f16", "subgroups"] as const).filter((f) => adapter.features.has(f));
  const { limits } = adapter;
  return await adapter.requestDevice({
    requiredFeatures,
    requiredLimits: {
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    },
  });
}

const device = await openDevice();

/** Compiles a source to a pipeline; the first error, or undefined. */
async function errorOf(source: string): Promise<string | undefined> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: source });
  const { messages } = await module.getCompilationInfo();
  const error = messages.find(({ type }) => type === "error");
  if (error) {
    await device.popErrorScope();
    return `${error.message}, at line ${error.lineNum}: ${source.split("\n")[error.lineNum - 1]?.trim()}`;
  }
  device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  return (await device.popErrorScope())?.message;
}

/** The ways in which a GPU's kernel is made: without subgroups, with them, and by Fallback alone. */
function waysOf(profile: Profile): readonly (readonly [string, Target, typeof rules])[] {
  const target = targetOf(profile);
  const subgroups = { minSize: 32, maxSize: 32, directive: true };
  return [
    ["", target, rules],
    [" with subgroups", { ...target, subgroups }, rules],
    [" by Fallback", target, [fallback]],
  ];
}

if (await errorOf("fn main( {") === undefined) {
  throw new Error("expected Tint to refuse broken WGSL, got none");
}

const profiles = (Object.keys(PROFILES) as Profile[]).filter((p) => targetOf(p).kind === "webgpu");
const seen = new Set<string>();
const errors: string[] = [];
const all = Deno.args.includes("--all");

for (const profile of profiles) {
  for (const [way, target, by] of waysOf(profile)) {
    if (way !== "" && profile !== "generic-webgpu" && !all) continue;
    for (const { operator, sort, dtype, func } of [...CASES, ...MORE_CASES]) {
      if (dtype === "f16" && !target.f16) continue;
      for (const { name, source } of compile(schedule(func, target, by).func, target).launches) {
        if (seen.has(source)) continue;
        seen.add(source);
        const error = await errorOf(source);
        if (error !== undefined) {
          errors.push(`${profile}${way}, ${operator} ${sort} ${dtype}, ${name}: ${error}`);
        }
      }
    }
  }
}

console.log(JSON.stringify({ sources: seen.size, profiles, errors } satisfies TintReport));
Deno.exit(0);
