/** Attacks on pages, programs, traces and jobs: each ends within its deadline, with a typed error or a row that says why. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as te from "../lib/face/te.ts";
import { TunebookError } from "../lib/base/error.ts";
import { compile } from "../lib/codegen/compile.ts";
import { schedule } from "../lib/dlight/schedule.ts";
import { interpret } from "../lib/interp/interpret.ts";
import { add, floorMod, mul } from "../lib/ir/build.ts";
import type { Expr } from "../lib/ir/expr.ts";
import type { PrimFunc } from "../lib/ir/func.ts";
import { funcFromJson, funcToJson } from "../lib/ir/func_json.ts";
import { fingerprint } from "../lib/ir/fingerprint.ts";
import { SchedulingProcess } from "../lib/measure/scheduling_process.ts";
import { replay } from "../lib/schedule/trace.ts";
import { Shared } from "../lib/share/shared.ts";
import { targetOf } from "../lib/target/profiles.ts";
import { TeError } from "../lib/te/error.ts";
import { devices } from "./devices.ts";
import { searched } from "./share/shared_results.ts";

const [cpu] = devices;
assert(cpu);
const GIB = 2 ** 30;
const plain = te.add({ shape: [64] });

/** `B[i0, …, i7] = A[(i0 + … + i7)^n mod 64]` */
function powerOfSum(n: number): PrimFunc {
  const A = te.placeholder("A", [64]);
  const B = te.compute("B", Array(8).fill(2), (...axes) => {
    const sum = axes.reduce((a: Expr, b): Expr => add(a, b), axes[0] as Expr);
    const power = Array.from({ length: n }, () => sum).reduce((a, b) => mul(a, b));
    return A.at(floorMod(power, 64));
  });
  return te.primFunc("power", [A, B]);
}

Deno.test("a page with a power of a sum is opened, shown and run again, in bounded time and memory", async () => {
  const before = Deno.memoryUsage().rss;
  for (const n of [12, 40]) {
    const path = `${await Deno.makeTempDir()}/page.html`;
    await Shared.of(await searched(powerOfSum(n), cpu)).save(path);
    const shared = await Shared.open(path);
    assert(`${Deno.inspect(shared)}`.includes("power"));
    const { rows } = await shared.rerun(cpu, { rounds: 2, deadlineMs: 60_000, maxMemory: GIB });
    assert(rows.length > 0);
    for (const { status, message } of rows) assert(status === "ok" || message.length > 0);
  }
  assert(Deno.memoryUsage().rss - before < GIB);
});

Deno.test("a rerun ends soon after its signal, whatever the program", async () => {
  // The reference of this one takes hours.
  const endless = te.matmul({ m: 8192, n: 8192, k: 8192 });
  const shared = Shared.of(await searched(endless, cpu));
  const { rows } = await shared.rerun(cpu, { rounds: 2, signal: AbortSignal.timeout(3000) });
  assert(rows.every((r) => r.status !== "ok" && r.message.length > 0), JSON.stringify(rows));
});

Deno.test("a program is scheduled within a deadline and a memory, in a process that starts again", async () => {
  const failed = async (deadlineMs: number, maxMemory?: number) => {
    await using apart = new SchedulingProcess(deadlineMs, maxMemory);
    const made = await apart.schedule(plain, cpu.target);
    assert("status" in made, JSON.stringify(made));
    return made.status;
  };
  assertEquals(await failed(1), "timeout");
  assertEquals(await failed(60_000, 2 ** 20), "outOfMemory");
  await using apart = new SchedulingProcess();
  const stopped = await apart.schedule(plain, cpu.target, AbortSignal.timeout(1));
  const made = await apart.schedule(plain, cpu.target);
  assert("status" in stopped || stopped.rule.length > 0);
  assert("rule" in made, JSON.stringify(made));
  const own = schedule(plain, cpu.target);
  assertEquals([made.rule, JSON.stringify(made.trace)], [own.rule, JSON.stringify(own.trace)]);
});

const DEEP = 3000;

Deno.test("3,000 nested additions are refused where they are written", () => {
  const A = te.placeholder("A", [64]);
  const nested = (depth: number) =>
    te.compute("B", [64], (i) => Array.from({ length: depth }).reduce((e: Expr) => add(e, A.at(i)), A.at(i)));
  for (const depth of [DEEP, 100_000]) {
    assertThrows(() => nested(depth), TeError, "to be nested up to 950 deep, got more, in te.compute");
  }
  // As deep as is allowed, it goes through all rooms.
  const func = te.primFunc("deep", [A, nested(900)]);
  assertEquals(fingerprint(funcFromJson(JSON.parse(JSON.stringify(funcToJson(func))))), fingerprint(func));
  const { B } = interpret(func, { A: new Float32Array(64).fill(1) });
  assertEquals(B?.[63], 901);
  for (const profile of ["cpu", "nvidia"] as const) {
    const target = targetOf(profile);
    assert(compile(schedule(func, target).func, target).launches.length > 0);
  }
});

Deno.test("3,000 nested additions in JSON are refused, and so are other nests without end", () => {
  const json = JSON.parse(JSON.stringify(funcToJson(plain)));
  const nest = (x: unknown): unknown => {
    if (typeof x !== "object" || x === null) return x;
    if (Array.isArray(x)) return x.map(nest);
    const node = x as Record<string, unknown>;
    if (node.kind !== "store") return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, nest(v)]));
    let deep = node.value;
    for (let k = 0; k < DEEP; k++) deep = { kind: "binary", dtype: "f32", op: "add", a: deep, b: node.value };
    return { ...node, value: deep };
  };
  assertThrows(() => funcFromJson(nest(json)), TunebookError, "nested more than 1000 deep");
  let body: unknown = { kind: "seq", body: [] };
  for (let k = 0; k < 100_000; k++) body = { kind: "seq", body: [body] };
  assertThrows(() => funcFromJson({ ...json, body }), TunebookError, "nested more than 1000 deep");
});

Deno.test("a trace that nests thousands of operations is refused by the step or the room that can't follow", () => {
  const A = te.placeholder("A", [64]);
  const chain: te.Tensor[] = [A];
  for (let k = 0; k < 400; k++) {
    const last = chain.at(-1) as te.Tensor;
    chain.push(
      te.compute(
        `t${k}`,
        [64],
        (i) => Array.from({ length: 10 }).reduce((e: Expr) => add(e, A.at(i)), last.at(i)),
      ),
    );
  }
  const func = te.primFunc("chain", [A, chain.at(-1) as te.Tensor]);
  const steps = Array.from({ length: 399 }, (_, k) => ({ op: "computeInline", block: `t${k}` }));
  const trace = JSON.stringify({ program: { name: func.name, fingerprint: fingerprint(func) }, steps });
  for (const profile of ["cpu", "nvidia"] as const) {
    try {
      compile(replay(func, trace), targetOf(profile));
    } catch (e) {
      assert(e instanceof TunebookError, e instanceof Error ? e.stack : `${e}`);
    }
  }
});

Deno.test("chains of thousands of tensors are refused with a typed error, or made", () => {
  let t: te.Tensor = te.placeholder("A", [8]);
  const first = t;
  for (let k = 0; k < 20_000; k++) {
    const last = t;
    t = te.compute(`t${k}`, [8], (i) => last.at(i));
  }
  assertThrows(() => te.primFunc("chain", [first, t]), TeError, "it is nested too deeply");
});

Deno.test("a page that is no page, or too large a one, is refused", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/page.html`, "<html>");
  await assertRejects(
    () => Shared.open(`${dir}/page.html`),
    TunebookError,
    "expected a page that share has written",
  );
  await Deno.truncate(`${dir}/page.html`, 2 ** 40);
  await assertRejects(() => Shared.open(`${dir}/page.html`), TunebookError, "expected a file of at most");
});
