/** How often the threads of a warp wait for banks of workgroup memory, by the text of a kernel. */
import { compile } from "../../../lib/codegen/compile.ts";
import { schedule } from "../../../lib/dlight/schedule.ts";
import * as te from "../../../lib/face/te.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import type { Profile } from "../../../lib/target/target.ts";

/** Cycles of one iteration of a kernel's main loop, for a warp of 32 threads on a multiprocessor of NVIDIA or AMD. */
export interface BankModel {
  /** Products of 32 lanes; four warps have their products done at a time. */
  readonly fma: number;
  /** Loads from workgroup memory where threads that want the same word, wherever they are, get it together. */
  readonly least: number;
  /** The same where loads of 16 bytes go quarter by quarter of a warp. */
  readonly most: number;
}

const WARP = 32, BANKS = 32;

/**
 * Gives the cycles of loads from workgroup memory for each cycle of products, of matmul 4096³ at a profile's presets; above
 * 1 they bound the kernel.
 */
export function productBanks(profile: Profile, transposeB: boolean): readonly [least: number, most: number] {
  const target = targetOf(profile), func = te.matmul({ m: 4096, n: 4096, k: 4096, transposeB });
  const { launches } = compile(schedule(func, target).func, target);
  const { fma, least, most } = bankModel(launches[0]?.source ?? "");
  return [least / fma, most / fma];
}

/** Evaluates each load from workgroup memory in the main loop of a kernel of Matmul for the threads of a warp. */
export function bankModel(source: string): BankModel {
  const lines = source.split("\n");
  const shared = new Map(
    [...source.matchAll(/var<workgroup> (\w+): array<(\w+)/g)].map(([, name, type]) => [
      name as string,
      type?.startsWith("vec4") ? 4 : 1,
    ]),
  );
  const [, x = 1, y = 1] = (/@workgroup_size\((\d+), (\d+)/.exec(source) ?? []).map(Number);
  const lets = lines.flatMap((l) => /^\s*let (\w+) = (.+);/.exec(l)?.slice(1) as [string, string] ?? [])
    .flatMap((v, k, all) => k % 2 === 0 ? [[v, all[k + 1] ?? "0"] as const] : []);
  const from = lines.findIndex((l) => /^ {2}for \(var/.test(l)),
    to = lines.findIndex((l, k) => k > from && /^ {2}\}/.test(l));
  const counter = /for \(var (\w+)/.exec(lines[from] ?? "")?.[1] ?? "k";
  const loads = new Set<string>();
  let products = 0;
  for (const line of lines.slice(from + 1, to)) {
    const value = line.split(" = ")[1] ?? "";
    for (const [whole, name = ""] of value.matchAll(/(\w+)\[[^\]]+\]/g)) {
      if (shared.has(name)) loads.add(whole);
    }
    if (/^\s*C_\w+(\.\w)? = .* \+ .* \* /.test(line)) products += value.includes("vec4") ? 4 : 1;
  }
  const threads = Array.from(
    { length: Math.min(WARP, x * y) },
    (_, t) => placesOf(lets, counter, t % x, Math.floor(t / x)),
  );
  let least = 0, most = 0;
  for (const load of loads) {
    const [, name = "", index = "0"] = /(\w+)\[([^\]]+)\]/.exec(load) ?? [];
    const width = shared.get(name) ?? 1;
    const at = threads.map((env) => evaluate(index, env) * width);
    least += fullest(at, width);
    const group = WARP / width;
    for (let g = 0; g < at.length; g += group) most += fullest(at.slice(g, g + group), width);
  }
  return { fma: products / 4, least, most };
}

function placesOf(
  lets: readonly (readonly [string, string])[],
  counter: string,
  x: number,
  y: number,
): ReadonlyMap<string, number> {
  const env = new Map<string, number>([[counter, 0], ["lid.x", x], ["lid.y", y], ["wid.x", 5], ["wid.y", 3], [
    "wid.z",
    0,
  ]]);
  for (const [name, value] of lets) {
    const at = evaluate(value, env);
    if (!Number.isNaN(at)) env.set(name, at);
  }
  return env;
}

/** The passes in which banks serve all words: one word of each bank at a time. */
function fullest(at: readonly number[], width: number): number {
  const words = new Set(at.flatMap((a) => Array.from({ length: width }, (_, e) => a + e)));
  const served = new Map<number, number>();
  for (const w of words) served.set(w % BANKS, (served.get(w % BANKS) ?? 0) + 1);
  return Math.max(...served.values());
}

const LEVELS: readonly (readonly string[])[] = [["<<", ">>"], ["&"], ["+", "-"], ["*", "/", "%"]];

/** The value of an index: numbers, names, parentheses and i32 casts, joined by the operators of WGSL. NaN for others. */
function evaluate(text: string, env: ReadonlyMap<string, number>): number {
  const tokens = text.match(/[\w.]+|<<|>>|[-+*/%&()]/g) ?? [];
  let at = 0;
  const atom = (): number => {
    const t = tokens[at++] ?? "";
    if (t === "i32" || t === "u32") return atom();
    if (t === "(") {
      const value = level(0);
      at++;
      return value;
    }
    return /^\d/.test(t) ? parseInt(t) : env.get(t) ?? NaN;
  };
  const level = (n: number): number => {
    const ops = LEVELS[n];
    if (!ops) return atom();
    let a = level(n + 1);
    while (ops.includes(tokens[at] ?? "")) a = apply(tokens[at++] ?? "", a, level(n + 1));
    return a;
  };
  return level(0);
}

function apply(op: string, a: number, b: number): number {
  switch (op) {
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    case "&":
      return a & b;
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return Math.trunc(a / b);
    default:
      return a % b;
  }
}
