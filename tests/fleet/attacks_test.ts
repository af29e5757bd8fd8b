/** Messages that lie, flood, or carry what they must not: they are refused and counted, and nothing of them runs. */
import fc from "fast-check";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { deviceKey } from "../../lib/fleet/device_key.ts";
import { FleetError } from "../../lib/fleet/error.ts";
import { fleetOver } from "../../lib/fleet/fleet.ts";
import {
  answerFromText,
  answerToText,
  type Job,
  jobFromText,
  jobHeadFromText,
  jobToText,
  offerFromText,
  offerToText,
} from "../../lib/fleet/messages.ts";
import { sessionFromBytes, sessionToBytes } from "../../lib/fleet/session.ts";
import { match } from "../../lib/dlight/schedule.ts";
import { SearchSpace } from "../../lib/tuning/search_space.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { add, matmul } from "../tuning/programs.ts";
import { ok } from "../tuning/simulated_measuring.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { target } from "./targets.ts";
import { after, SimulatedWorker } from "./workers.ts";

const space = new SearchSpace(matmul, match(matmul, target).template);
const good = space.candidateAt(space.preset);
assert(!("status" in good) && "trace" in good);
const content = "0".repeat(64);
const job: Job = {
  id: "an-id",
  box: "tuner.box",
  session: content,
  work: {
    kind: "measure",
    request: {
      candidate: good,
      incumbent: { candidate: good, ms: 2 },
      adaptive: true,
      limits: { hopeless: 3 },
    },
  },
};
const text = jobToText(job);
const offer = offerToText({
  worker: "a",
  key: await deviceKey(target),
  target,
  since: 1,
  busy: false,
  jobs: 2,
});
const answer = answerToText({
  id: "an-id",
  busyMs: 5,
  outcome: { kind: "measured", measurement: ok(2), promoted: true },
});

Deno.test("messages survive their text", () => {
  assertEquals(jobFromText(text), job);
  const race: Job = { ...job, work: { kind: "race", candidates: [good, good], rounds: 3, options: {} } };
  assertEquals(jobFromText(jobToText(race)), race);
  assertEquals(JSON.parse(offerToText(offerFromText(offer))), JSON.parse(offer));
  assertEquals(JSON.parse(answerToText(answerFromText(answer))), JSON.parse(answer));
  const failed = { status: "verify", message: "too large", compileMs: NaN } as const;
  const lost = answerToText({ id: "x", busyMs: 0, outcome: { kind: "raced", measurements: [failed] } });
  assertEquals(answerFromText(lost).outcome, { kind: "raced", measurements: [failed] });
  const session = {
    func: matmul,
    target,
    seed: 3,
    inputs: { A: new Float32Array(64).fill(2), B: { below: 1 } },
  };
  const read = sessionFromBytes(sessionToBytes(session), target);
  assertEquals([fingerprint(read.func), read.seed], [fingerprint(matmul), 3]);
  assertEquals(read.inputs, session.inputs);
});

/** Changes one value somewhere in JSON, or cuts the text. */
const damaged = (whole: string): fc.Arbitrary<string> =>
  fc.tuple(fc.nat(10_000), fc.oneof(fc.jsonValue(), fc.constant(undefined)), fc.nat(9)).map(
    ([at, value, kind]) => {
      if (kind === 0) return whole.slice(0, at % whole.length);
      const root = { root: JSON.parse(whole) }, places: [Record<string, unknown>, string][] = [];
      const walk = (x: Record<string, unknown>): void => {
        for (const key of Object.keys(x)) {
          places.push([x, key]);
          if (typeof x[key] === "object" && x[key] !== null) walk(x[key] as Record<string, unknown>);
        }
      };
      walk(root);
      const [own, key] = places[at % places.length] as [Record<string, unknown>, string];
      if (value === undefined) delete own[key];
      else own[key] = value;
      return JSON.stringify(root.root) ?? "";
    },
  );

for (
  const [name, whole, read] of [
    ["job", text, jobFromText],
    ["offer", offer, offerFromText],
    ["answer", answer, answerFromText],
    ["head of a job", text, jobHeadFromText],
  ] as const
) {
  Deno.test(`a damaged ${name} is read, or refused with a typed error`, () => {
    fc.assert(
      fc.property(damaged(whole), (bad) => {
        try {
          read(bad);
        } catch (e) {
          assert(e instanceof FleetError, `${e}`);
        }
      }),
      { numRuns: 400 },
    );
  });
}

Deno.test("a damaged session is read, or refused with a typed error", () => {
  const whole = new TextDecoder().decode(sessionToBytes({ func: add, target }));
  fc.assert(
    fc.property(damaged(whole), (bad) => {
      try {
        sessionFromBytes(new TextEncoder().encode(bad), target);
      } catch (e) {
        assert(e instanceof FleetError, `${e}`);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("a job carries a program and traces, and nothing that runs", () => {
  const source = "globalThis.hacked = true";
  const withSource = JSON.parse(text);
  for (
    const candidate of [
      { source: { source, workgroups: [1, 1, 1] } },
      { executable: { language: "js", launches: [{ source }] } },
      { trace: withSource.request.candidate.trace, source: { source, workgroups: [1, 1, 1] } },
      { trace: { ...withSource.request.candidate.trace, steps: [{ kind: "eval", source }] } },
    ]
  ) {
    withSource.request.candidate = candidate;
    assertThrows(() => jobFromText(JSON.stringify(withSource)), FleetError, "request");
  }
  const polluted = jobFromText(
    text.replace('"request":{', '"request":{"__proto__":{"repeats":9},"run":"x",'),
  );
  assertEquals(polluted, job);
  assertEquals(
    (polluted.work as { readonly request?: { readonly repeats?: number } }).request?.repeats,
    undefined,
  );
});

Deno.test("wrong versions, forged objects and unknown jobs are refused, and the worker goes on", async () => {
  const transport = new MemoryTransport();
  await using worker = new SimulatedWorker(transport, "a");
  await using fleet = await fleetOver(transport);
  const { key } = await fleet.wait("cpu", { seconds: 60 });
  const outcomes: string[] = [];
  await using _box = await transport.answers("tuner.box", (_, t) => {
    const { outcome } = answerFromText(t);
    outcomes.push(outcome.kind === "refused" ? outcome.message : outcome.kind);
  });
  await transport.put(content, sessionToBytes({ func: matmul, target }));
  const send = async (id: string, message: string) => {
    await transport.publish(key, id, message.replaceAll("an-id", id));
    await after(60, 0);
  };
  await send("1", text.replace('"v":1', '"v":2'));
  // The object is not what its name says.
  await send("2", text);
  await send("3", text.replaceAll(content, "f".repeat(64)));
  await send("4", "no JSON at all");
  await send("5", JSON.stringify({ v: 1, id: "5", box: "a.b.c", kind: "measure" }));
  await send("6", JSON.stringify({ v: 1, id: "6", box: "tuner.box", object: content }));
  assertEquals(outcomes.length, 4);
  for (const [k, words] of [[0, "version"], [1, "content"], [2, "got none"], [3, "content"]] as const) {
    assert(outcomes[k]?.includes(words), `${k}: ${outcomes[k]}`);
  }
  assertEquals(worker.measured, 0);
  assertEquals(transport.waiting(key), 0);
  const log = await tune(matmul, fleet.device("cpu"), { budget: { trials: 3 }, rounds: 0 });
  assertEquals(log.records.length, 3);
});

Deno.test("replayed, forged and flooding answers change nothing, and are counted", async () => {
  const boxes: [box: string, text: string][] = [];
  /** It repeats each answer, and sends answers for jobs of others. */
  class Replaying extends MemoryTransport {
    override async answer(box: string, worker: string, id: string, text: string): Promise<void> {
      boxes.push([box, text]);
      await super.answer(box, worker, id, text);
      await super.answer(box, worker, `${id} again`, text);
      await super.answer(box, "liar", `${id} forged`, text.replaceAll(id, crypto.randomUUID()));
      for (let k = 0; k < 20; k++) await super.answer(box, "liar", `${id} ${k}`, `flood ${k}`);
    }
  }
  const transport = new Replaying();
  await using worker = new SimulatedWorker(transport, "a");
  await using fleet = await fleetOver(transport);
  const device = await fleet.wait("cpu", { seconds: 60 });
  const { records } = await tune(matmul, device, { budget: { trials: 8 }, rounds: 0 });
  assertEquals(new Set(records.map((r) => r.config)).size, 8);
  assert(records.every((r) => r.worker !== "liar"));
  assertEquals(worker.measured, boxes.length);
  const { ignored, malformed } = fleet.counts;
  // After the last answer the search leaves, so that some come too late to be counted.
  assert(ignored >= 2 * (boxes.length - 1) && ignored <= 2 * boxes.length, `${ignored}`);
  assert(malformed >= 20 * (boxes.length - 1), `${malformed}`);
});

Deno.test("false offers are refused, counted and shown", async () => {
  const transport = new MemoryTransport();
  await transport.offer("a", offer);
  await transport.offer("b", offer);
  await transport.offer("c", offer.replace('"worker":"a"', '"worker":"c"').replace(/"key":"./, '"key":"z'));
  await transport.offer(
    "d",
    offer.replace('"worker":"a"', '"worker":"d"').replace('"f16":true', '"f16":false'),
  );
  for (let k = 0; k < 50; k++) await transport.offer(`e${k}`, "{}");
  await using fleet = await fleetOver(transport);
  const { malformed, why } = fleet.counts;
  assertEquals(fleet.devices.map((d) => d.workers.map((w) => w.name)), [["a"]]);
  assertEquals([malformed, why.length], [53, 10]);
});

Deno.test("an answer that can't be read ends its search with an error that names the worker", async () => {
  class Garbling extends MemoryTransport {
    override answer(box: string, worker: string, id: string, text: string): Promise<void> {
      return super.answer(box, worker, id, text.replace('"samples"', '"samples\u001b[2J"'));
    }
  }
  const transport = new Garbling();
  await using _worker = new SimulatedWorker(transport, "garbler");
  await using fleet = await fleetOver(transport);
  const device = await fleet.wait("cpu", { seconds: 60 });
  const e = await assertRejects(() => tune(matmul, device, { budget: { trials: 3 } }), FleetError);
  assert(e.message.includes("garbler") && !e.message.includes("\u001b"), e.message);
});
