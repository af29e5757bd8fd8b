/** Measuring in this process: what a page does, on a device whose times are known. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as dlight from "../../lib/dlight/schedule.ts";
import { interpretBounded } from "../../lib/interp/interpret_bounded.ts";
import type { Candidate } from "../../lib/measure/measuring.ts";
import { MeasuringHere, type MeasuringHereOptions } from "../../lib/measure/measuring_here.ts";
import { Device } from "../../lib/runtime/device.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { add, matmul } from "../tuning/programs.ts";

const device = await Device.open({ backend: "cpu" });
const preset: Candidate = { trace: dlight.schedule(matmul, device.target).trace.toJSON() };
const fallback: Candidate = {
  trace: dlight.schedule(matmul, device.target, [dlight.rules.at(-1)!]).trace.toJSON(),
};

function opened(options: Partial<MeasuringHereOptions> = {}): MeasuringHere {
  return new MeasuringHere(device, {
    func: matmul,
    reference: (inputs) => interpretBounded(matmul, inputs),
    ...options,
  });
}

Deno.test("a candidate is checked and timed, and the first one is promoted", async () => {
  await using measuring = opened();
  const { measurement, promoted } = await measuring.measure({
    candidate: preset,
    adaptive: true,
    minSampleMs: 1,
  });
  assert(measurement.status === "ok" && measurement.samples.length > 0, JSON.stringify(measurement));
  assert(promoted && measuring.busyMs > 0);
  const incumbent = { candidate: preset, ms: 1 };
  const again = await measuring.measure({ candidate: fallback, incumbent, adaptive: true, minSampleMs: 1 });
  assert(again.measurement.status === "ok" && again.measurement.against, JSON.stringify(again.measurement));
});

Deno.test("a candidate whose results the reference does not give is wrong", async () => {
  const zeros = () => ({ C: { values: new Float64Array(64).map((_, k) => k), bounds: "f32" } as const });
  await using measuring = opened({
    reference: zeros,
    inputs: { A: new Float32Array(64), B: new Float32Array(64) },
  });
  const { measurement } = await measuring.measure({ candidate: preset });
  assertEquals(measurement.status, "wrongAnswer");
});

Deno.test("candidates are raced in rounds; what does not compile keeps its place", async () => {
  const rounds: string[] = [];
  await using measuring = opened({ afterRound: (done, of) => void rounds.push(`${done}/${of}`) });
  const other: Candidate = { trace: Trace.of(add, []).toJSON() };
  const [first, second, third] = await measuring.race([preset, other, fallback], 3, { minSampleMs: 1 });
  assertEquals([first?.status, third?.status], ["ok", "ok"]);
  assert(second?.status === "instantiate" || second?.status === "lower", JSON.stringify(second));
  assertEquals(rounds, ["1/3", "2/3", "3/3"]);
  assertEquals(await measuring.race([], 3), []);
});

Deno.test("what the caller throws after a round ends the race", async () => {
  await using measuring = opened({
    afterRound: () => {
      throw new DOMException("stopped", "AbortError");
    },
  });
  await assertRejects(() => measuring.race([preset], 3, { minSampleMs: 1 }), DOMException, "stopped");
});

Deno.test("a candidate past its deadline is a timeout, and so is each later one", async () => {
  // A hung device never answers.
  const hung = { target: device.target, load: () => new Promise(() => {}) } as unknown as Device;
  await using measuring = new MeasuringHere(hung, {
    func: matmul,
    reference: (inputs) => interpretBounded(matmul, inputs),
    deadlineMs: 20,
  });
  const { measurement } = await measuring.measure({ candidate: preset });
  assert(measurement.status === "timeout" && measuring.ended, JSON.stringify(measurement));
  assertEquals((await measuring.race([preset, fallback], 1)).map((m) => m.status), ["timeout", "timeout"]);
});

Deno.test("what is given up is answered at once", async () => {
  await using measuring = opened();
  const measured = measuring.measure({ candidate: preset, repeats: 100 });
  await measuring.abandon();
  const { measurement } = await measured;
  assert(
    measurement.status === "run" && measurement.message.includes("given up"),
    JSON.stringify(measurement),
  );
});
