/** Our Arrow files in a reader that is not the one that wrote them. */
import { assert, assertEquals } from "@std/assert";
import { tableFromIPC } from "apache-arrow";
import * as flechette from "@uwdata/flechette";
import { readLog, RecordLog } from "../../lib/records/log.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { TRIAL_COLUMNS } from "../../lib/records/schema.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";
import { recordsOf } from "./records_of.ts";

/** A cell as plain data: either reader has its own list types. */
function plain(x: unknown): unknown {
  return typeof x === "object" && x !== null ? [...x as Iterable<unknown>] : x;
}

function assertSame(bytes: Uint8Array): flechette.Table {
  const ours = tableFromIPC(bytes), theirs = flechette.tableFromIPC(bytes);
  assertEquals(theirs.names, ours.schema.fields.map((f) => f.name));
  assertEquals(theirs.numRows, ours.numRows);
  for (const name of theirs.names) {
    const [mine, other] = [ours.getChild(name), theirs.getChild(name)];
    assert(mine && other);
    for (let row = 0; row < ours.numRows; row++) {
      assertEquals(plain(other.at(row)), plain(mine.get(row)), `${name} of row ${row}`);
    }
  }
  return theirs;
}

const data = new URL("../../notebooks/data/", import.meta.url);
for (const { name } of Deno.readDirSync(data)) {
  if (!name.endsWith(".arrows")) continue;
  Deno.test(`${name}: flechette reads what is in it`, async () => {
    assert(assertSame(await Deno.readFile(new URL(name, data))).numRows > 0);
  });
}

Deno.test("a log of several batches that was never closed opens in flechette", async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  const records = recordsOf(te.matmul({ m: 16, n: 16, k: 16 }), targetOf("cpu"), [3, 2, 1]);
  {
    using log = await RecordLog.open(path, records[0] as TrialRecord);
    for (const r of records) log.append([r]);
  }
  const table = assertSame(await Deno.readFile(path));
  assertEquals(table.names, Object.keys(TRIAL_COLUMNS));
  assertEquals([...table.getChild("medianMs")], [3, 2, 1]);
  assertEquals((await readLog(path)).length, table.numRows);
});
