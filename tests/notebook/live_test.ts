import { assert, assertEquals } from "@std/assert";
import { createReporter, lineOf } from "../../lib/notebook/live.ts";
import type { Progress } from "../../lib/tuning/reporter.ts";
import { type FakeJupyter, fakeJupyter } from "./fake_jupyter.ts";
import { stoppedClock } from "../stopped_clock.ts";

const searching: Progress = {
  task: "matmul",
  method: "autotvm+dlight",
  trials: 12,
  failed: 1,
  bestGflops: 14.56,
  bestGbps: 2,
  bestMs: 3,
  secondsSpent: 4.4,
  secondsTotal: 10,
};
const rule: Progress = {
  task: "matmul",
  method: "dlight",
  trials: 1,
  failed: 0,
  bestGflops: 10,
  secondsSpent: 0.3,
};

Deno.test("one line says how far a search is", () => {
  const line = (parts: Partial<Progress>) => lineOf({ ...searching, ...parts });
  assertEquals(
    line({}),
    "matmul, AutoTVM from DLight: 12 trials (1 failed), 4 s, 6 s left, best 14.6 GFLOP/s",
  );
  assertEquals(
    line({ trialsTotal: 64, failed: 0 }),
    "matmul, AutoTVM from DLight: 12 of 64 trials, 4 s, 6 s left, best 14.6 GFLOP/s",
  );
  assert(
    line({ failed: 4, failures: { timeout: 1, wrongAnswer: 3 } }).includes(
      " trials (4 failed: 3 with wrong results, 1 too slow to wait for), ",
    ),
  );
  assertEquals(lineOf(rule), "matmul, DLight (rule): 1 trial, 0 s, best 10.0 GFLOP/s");
  assert(line({ bestGflops: 0 }).endsWith("best 2.00 GB/s"));
  assert(line({ bestGflops: 0, bestGbps: 0 }).endsWith("best 3.00 ms"));
  const { bestGflops: _f, bestGbps: _b, bestMs: _m, ...none } = searching;
  assert(lineOf(none).endsWith("none yet"));
  assert(
    line({ stage: "confirming" }).endsWith("4 s, best 14.6 GFLOP/s; measuring the best again, interleaved"),
  );
  assert(line({ place: [2, 4] }).startsWith("2 of 4, matmul, "));
  assert(line({ stage: "starting" }).endsWith("; starting the process that measures"));
  assert(
    line({ stage: "stopping" }).endsWith("; stopping: measuring the best once more (■ again skips it)"),
  );
  assert(line({ stage: "stopped" }).endsWith("4 s, best 14.6 GFLOP/s; stopped"));
});

Deno.test("of several searches the line says how long all take, and the bar is of all", () => {
  const of = (whole: Progress["whole"]) => lineOf({ ...searching, ...(whole ? { whole } : {}) });
  assert(of({ spent: 14.4, total: 40 }).includes(", 4 s, 6 s left (26 s in all), best "));
  assert(of({ spent: 14.4, total: 400 }).includes(", 6 s left (6 min in all), best "));
  // The last one's time is that of all.
  assert(of({ spent: 34.4, total: 40 }).includes(", 6 s left, best "));
  const text = stderrOf(true, () => {
    const reporter = createReporter("terminal");
    reporter.update({ ...searching, whole: { spent: 10, total: 40 } });
    reporter.done();
  });
  assert(text.startsWith(`\r\x1b[2K${"█".repeat(5)}${"░".repeat(15)} matmul, `), text);
});

Deno.test("the time left is that to the first limit, by the trials so far where those are it", () => {
  const left = (parts: Partial<Progress>) => {
    const { secondsTotal: _, ...rest } = searching;
    return /, ([^,]*) left,/.exec(lineOf({ ...rest, ...parts }))?.[1];
  };
  assertEquals(left({}), undefined);
  assertEquals(left({ secondsTotal: 10 }), "6 s");
  assertEquals(left({ secondsTotal: 4 }), "0 s");
  assertEquals(left({ secondsTotal: 600 }), "10 min");
  assertEquals(left({ secondsTotal: 100, trialsTotal: 24 }), "about 4 s");
  assertEquals(left({ secondsTotal: 5, trialsTotal: 24 }), "1 s");
  assertEquals(left({ trialsTotal: 1200 }), "about 7 min");
  assertEquals(left({ trials: 0, trialsTotal: 1200 }), undefined);
});

/** What a terminal gets, or a file in its place. */
function stderrOf(terminal: boolean, act: () => void): string {
  let text = "";
  const { writeSync, isTerminal } = Deno.stderr;
  Object.assign(Deno.stderr, {
    isTerminal: () => terminal,
    writeSync: (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  });
  try {
    act();
  } finally {
    Object.assign(Deno.stderr, { writeSync, isTerminal });
  }
  return text;
}

Deno.test("a terminal gets one line that is rewritten, and a new line for each method", () => {
  const text = stderrOf(true, () => {
    const reporter = createReporter("terminal");
    reporter.update(rule);
    reporter.update({ ...searching, secondsSpent: 0 });
    reporter.update({ ...searching, secondsSpent: 5 });
    reporter.done();
    reporter.done();
  });
  const empty = "░".repeat(20), half = "█".repeat(10) + "░".repeat(10);
  assertEquals(
    text,
    `\r\x1b[2K${empty} ${lineOf(rule)}\n` +
      `\r\x1b[2K${empty} ${lineOf({ ...searching, secondsSpent: 0 })}` +
      `\r\x1b[2K${half} ${lineOf({ ...searching, secondsSpent: 5 })}\n`,
  );
});

Deno.test("a file gets a line now and then, and the last one of each method", () => {
  const states = Array.from({ length: 50 }, (_, k): Progress => ({ ...searching, trials: k + 1 }));
  const text = stderrOf(false, () => {
    const reporter = createReporter("terminal");
    reporter.update(rule);
    for (const state of states) reporter.update(state);
    reporter.update({ ...searching, method: "autotvm" });
    reporter.done();
  });
  assertEquals(text.split("\n"), [
    lineOf(rule),
    lineOf(states.at(-1) as Progress),
    lineOf({ ...searching, method: "autotvm" }),
    "",
  ]);
});

Deno.test("outside of a notebook reports go to the terminal; a silent reporter says nothing", async () => {
  const text = stderrOf(false, () => void createReporter().update(rule));
  assertEquals(text, `${lineOf(rule)}\n`);
  using fake = fakeJupyter();
  const silent = createReporter("silent");
  assertEquals(stderrOf(false, () => void silent.update(rule)), "");
  await silent.done();
  assertEquals(fake.messages, []);
});

function pictureOf(html: string): string | undefined {
  const data = /src="data:image\/svg\+xml;base64,([^"]+)"/.exec(html)?.[1];
  return data && new TextDecoder().decode(Uint8Array.fromBase64(data));
}

function onlyShown(fake: FakeJupyter): Readonly<Record<string, string>> {
  assertEquals(fake.shown.length, 1);
  return fake.shown[0]?.data ?? {};
}

Deno.test("a notebook gets a bar and a chart that change in place, the rule in it from the first moment", async () => {
  using fake = fakeJupyter();
  using clock = stoppedClock();
  const html = () => onlyShown(fake)["text/html"] ?? "";
  const reporter = createReporter();
  await reporter.update(rule);
  assertEquals(onlyShown(fake)["text/plain"], lineOf(rule));
  assertEquals(pictureOf(html()), undefined);
  clock.time += 501;
  await reporter.update(searching);
  const first = pictureOf(html()) ?? "";
  assert(first.includes(">DLight (rule)</text>") && first.includes(">AutoTVM from DLight</text>"));

  // It is told of each trial, and shows what is new now and then: the bar more often than the chart.
  const faster = { ...searching, trials: 13, bestGflops: 33.3 };
  for (let k = 0; k < 100; k++) await reporter.update(faster);
  assertEquals(fake.messages.length, 2);
  clock.time += 501;
  await reporter.update(faster);
  assertEquals(onlyShown(fake)["text/plain"], lineOf(faster));
  assertEquals(pictureOf(html()), first);
  clock.time += 1500;
  await reporter.update(faster);
  assert(pictureOf(html())?.includes(">33.3 GFLOP/s</text>"));
  assertEquals(fake.messages.map((m) => m.type), ["display_data", ...Array(3).fill("update_display_data")]);
});

Deno.test("the live chart shows GB/s where nothing computes, and a tick for what failed", async () => {
  using fake = fakeJupyter();
  using clock = stoppedClock();
  const reporter = createReporter();
  await reporter.update({ ...searching, bestGflops: 0, failed: 1 });
  clock.time += 2501;
  await reporter.update({ ...searching, bestGflops: 0, failed: 1 });
  const svg = pictureOf(onlyShown(fake)["text/html"] ?? "") ?? "";
  assert(svg.includes(">best so far, GB/s</text>") && svg.includes(">2.00 GB/s</text>"));
  assertEquals(svg.match(/class="mark-rect role-mark[^>]*>(<path[^>]*>)*/)?.[0].match(/<path/g)?.length, 1);
});

Deno.test("in the end a notebook keeps a line for each search, and the next comparison begins anew", async () => {
  using fake = fakeJupyter();
  const reporter = createReporter("notebook");
  await reporter.update(rule);
  await reporter.update({ ...searching, method: "autotvm" });
  await reporter.update({ ...searching, trials: 13 });
  await reporter.done();
  const lines = [
    lineOf({ ...searching, method: "autotvm", stage: "done" }),
    lineOf({ ...searching, trials: 13, stage: "done" }),
  ];
  const last = onlyShown(fake);
  assertEquals(last["text/plain"], lines.join("\n"));
  assertEquals(last["text/html"]?.replace(/<br>/g, "\n").replace(/<[^>]*>/g, ""), lines.join("\n"));
  assert(!/<img|width:/.test(last["text/html"] ?? ""));

  const softmax = { ...rule, task: "soft<max>" };
  await reporter.update(softmax);
  await reporter.done();
  assertEquals(fake.shown.map((m) => m.data["text/plain"]), [lines.join("\n"), lineOf(softmax)]);
  assert(fake.shown[1]?.data["text/html"]?.includes("soft&lt;max&gt;"));
  await reporter.done();
  assertEquals(fake.shown.length, 2);
});

Deno.test("the bar is as long as the budget's larger share", async () => {
  for (
    const [parts, width] of [
      [{ secondsSpent: 4 }, 40],
      [{ secondsSpent: 4, trialsTotal: 16 }, 75],
      [{ secondsSpent: 40 }, 100],
    ] as const
  ) {
    using fake = fakeJupyter();
    await createReporter("notebook").update({ ...searching, ...parts });
    assert(onlyShown(fake)["text/html"]?.includes(`width:${width}%`));
  }
});

Deno.test("a search that was stopped says so at once, and in the end", async () => {
  using fake = fakeJupyter();
  using _clock = stoppedClock();
  const reporter = createReporter("notebook");
  await reporter.update(searching);
  await reporter.update({ ...searching, stage: "confirming" });
  assert(onlyShown(fake)["text/plain"]?.endsWith("measuring the best again, interleaved"));
  await reporter.update({ ...searching, stage: "stopped" });
  await reporter.done();
  assert(onlyShown(fake)["text/plain"]?.endsWith("; stopped"));
});
