import { assert, assertEquals } from "@std/assert";
import { hangingMs, hopelessMs } from "../../lib/measure/limits.ts";
import type { Candidate, MeasureRequest } from "../../lib/measure/measuring.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { candidateOf, NEVER_COMPILES, openHostile } from "./hostile.ts";
import { endless, javascript, right } from "./executables.ts";

const [cpu] = devices;
assert(cpu);
const { target } = cpu;
const func = te.matmul({ m: 8, n: 8, k: 8 });
const peaks = { gflops: 1, bufferGbps: 1, textureGbps: 0, copyGbps: 1, launchMs: 0 };
const limits = { hopeless: 3, hopelessRoofline: 1000, hanging: 12 };

Deno.test("once a good candidate is known, others have less time, and are dropped where they are hopeless", () => {
  const at = [undefined, { ms: 50 }, { ms: 10 }].map((incumbent) => [
    hopelessMs(limits, incumbent, { func, target }),
    hangingMs(limits, incumbent, []),
  ]);
  assertEquals(at, [[undefined, Infinity], [150, 4600], [30, 4120]]);
});

Deno.test("before anything has succeeded, a candidate is hopeless by the roofline", () => {
  // 1024 operations and 768 bytes: at least 1.024 µs.
  const options = { func, target: { ...target, peaks } };
  assertEquals(hopelessMs(limits, undefined, options)?.toFixed(6), "1.024000");
  assertEquals(hopelessMs(limits, { ms: 10 }, options), 30);
  assertEquals(hopelessMs({ hopeless: 3 }, undefined, options), undefined);
});

Deno.test("where compilations take long, a candidate hangs later", () => {
  assertEquals(hangingMs(limits, { ms: 10 }, [1, 100, 10_000]), 4120);
  assertEquals(hangingMs(limits, { ms: 10 }, [300, 300, 400]), 6120);
});

Deno.test("what is not limited has no limit", () => {
  assertEquals(hangingMs({}, { ms: 10 }, [300]), Infinity);
  assertEquals(hopelessMs({}, { ms: 10 }, { func, target: { ...target, peaks } }), undefined);
  assertEquals(hangingMs(limits, undefined, [300]), Infinity);
});

Deno.test("a measurer holds candidates against its limits in milliseconds", async () => {
  await using measurer = await openHostile(target, 60_000);
  const ask = async (candidate: Candidate, more: Omit<MeasureRequest, "candidate">) =>
    (await measurer.measure({ candidate, adaptive: true, minSampleMs: 10, ...more })).measurement;
  const candidate = candidateOf(right.cpu);
  // It can't take three times what next to nothing takes: one sample tells.
  const incumbent = { candidate, ms: 1e-9 };
  const dropped = await ask(candidate, { incumbent, limits });
  assert(dropped.status === "ok" && dropped.samples.length === 1, JSON.stringify(dropped));
  assertEquals(dropped.against, undefined);
  const sampled = await ask(candidate, { incumbent });
  assert(sampled.status === "ok" && sampled.samples.length > 1, JSON.stringify(sampled));
  const hangs = await ask(candidateOf(endless.cpu), { incumbent, limits });
  assert(hangs.status === "timeout", JSON.stringify(hangs));
  const [, seconds] = /^it did not end within (\d+\.\d) s and was killed$/.exec(hangs.message) ?? [];
  assert(Number(seconds) >= 4 && Number(seconds) < 60, hangs.message);
});

Deno.test("a candidate's compilation is under its deadline", async () => {
  await using measurer = await openHostile(target, 2000);
  const source = { source: "", workgroups: [1, 1, 1], entryPoint: NEVER_COMPILES } as const;
  const { measurement, promoted } = await measurer.measure({ candidate: { source }, adaptive: true });
  assertEquals([measurement, promoted], [{
    status: "timeout",
    message: "it did not end within 2.0 s and was killed",
    compileMs: NaN,
  }, false]);
  const next = await measurer.measure({ candidate: candidateOf(right.cpu), repeats: 2, minSampleMs: 10 });
  assertEquals(next.measurement.status, "ok");
});

Deno.test("the shorter of the deadline and the limit ends a candidate", async () => {
  await using measurer = await openHostile(target, 2500);
  const { measurement } = await measurer.measure({
    candidate: candidateOf(javascript("for (;;);")),
    incumbent: { candidate: candidateOf(right.cpu), ms: 1 },
    limits,
  });
  assert(measurement.status === "timeout");
  assertEquals(measurement.message, "it did not end within 2.5 s and was killed");
});
