/** What each pass makes of one kernel: row sums, a row shared by threads, read as vectors, with tails. */
import { lower, passes } from "../../lib/lower/pipeline.ts";
import { printStmt } from "../../lib/ir/print.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";
import { golden } from "../golden.ts";

function sharedRows(): Schedule {
  const sch = new Schedule(te.reduceSum({ rows: 6, columns: 40 }));
  const [r, c] = sch.loops("B") as [string, string];
  const [c0, tx, c1] = sch.split(c, [null, 4, 4]);
  sch.reorder(tx, c0, c1);
  const [grid, ty] = sch.split(r, [null, 4]);
  sch.bind(grid, "blockIdx.x");
  sch.bind(ty, "threadIdx.y");
  sch.bind(tx, "threadIdx.x");
  const copy = sch.computeAt(sch.cacheRead("B", "A", "local"), c0);
  sch.vectorize(copy.at(-1) as string);
  sch.unroll(c1);
  return sch;
}

Deno.test("each pass does its part of a reduction across threads", () => {
  const text: string[] = [];
  const { func } = sharedRows();
  const after = (pass: string, body: string) => text.push(`after ${pass}\n\n${body}`);
  let last = "";
  lower(func, targetOf("generic-webgpu"), {
    after: (pass, { body }) => {
      const now = printStmt(body);
      after(pass, now === last ? "(the same)\n" : `${now.trimEnd()}\n`);
      last = now;
    },
  });
  golden("lower/row_sums.txt", text.join("\n"));
});

Deno.test("the pipeline's passes and their order", () => {
  golden("lower/passes.txt", passes.map((p) => p.name).join("\n"));
});
