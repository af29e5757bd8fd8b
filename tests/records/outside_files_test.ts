/** Paths that lead to devices, pipes and links, files that are deleted meanwhile, and files put one after another. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as te from "../../lib/face/te.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import { RecordError } from "../../lib/records/error.ts";
import { readLog, RecordLog } from "../../lib/records/log.ts";
import { readFile } from "../../lib/records/read_file.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { readAutotvmLog } from "../../lib/records/read_autotvm_log.ts";
import { readKernelTuner } from "../../lib/records/read_kernel_tuner.ts";
import { readT4 } from "../../lib/records/read_t4.ts";
import { readSpace } from "../../lib/records/recorded_space.ts";
import { recordsToTable } from "../../lib/records/table.ts";
import { Shared } from "../../lib/share/shared.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { tableToIPC } from "apache-arrow";
import { recordsOf } from "./records_of.ts";

const cpu = targetOf("cpu");
const records = recordsOf(te.add({ shape: [64] }), cpu, [1, 2, 3]);
const [own] = records as [TrialRecord];
const unix = Deno.build.os !== "windows";

/** Everything that reads or writes a path that a user gives. */
const DOORS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  readLog,
  "RecordLog.open": (path) => RecordLog.open(path, own),
  "TuningDatabase.open": (path) => TuningDatabase.open(path),
  "database.merge": (path) => TuningDatabase.memory().merge(path),
  "database.export": (path) => TuningDatabase.memory().export(path),
  readSpace,
  readKernelTuner,
  readT4,
  readAutotvmLog,
  "Shared.open": (path) => Shared.open(path),
};

async function temporary(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  try {
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function pipe(path: string): Promise<string> {
  const { code } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assertEquals(code, 0);
  return path;
}

Deno.test({
  name: "devices, pipes and links to them are refused by every door, at once",
  ignore: !unix,
  fn: () =>
    temporary(async (dir) => {
      await Deno.symlink("/dev/zero", `${dir}/endless`);
      await Deno.symlink(await pipe(`${dir}/pipe`), `${dir}/link`);
      for (
        const path of ["/dev/full", "/dev/null", "/dev/zero", `${dir}/endless`, `${dir}/pipe`, `${dir}/link`]
      ) {
        for (const [door, open] of Object.entries(DOORS)) {
          await assertRejects(() => open(path), RecordError, "expected a regular file", `${door} ${path}`);
        }
      }
    }),
});

Deno.test({
  name: "a shared folder's files are regular files",
  ignore: !unix,
  fn: () =>
    temporary(async (dir) => {
      await Deno.writeTextFile(`${dir}/manifest.json`, "{}");
      await Deno.symlink("/dev/zero", `${dir}/trials.arrows`);
      await assertRejects(() => Shared.open(dir), RecordError, "expected a regular file");
      await Deno.remove(`${dir}/trials.arrows`);
      await Deno.remove(`${dir}/manifest.json`);
      await pipe(`${dir}/manifest.json`);
      await assertRejects(() => Shared.open(dir), RecordError, "expected a regular file");
      await assertRejects(() => Shared.open(`${dir}/nowhere`), RecordError, "nothing is there");
    }),
});

Deno.test("a file is read up to a number of bytes", () =>
  temporary(async (dir) => {
    await Deno.writeFile(`${dir}/ten`, new Uint8Array(10).fill(7));
    assertEquals([...await readFile("reading", `${dir}/ten`, { most: 10 })], Array(10).fill(7));
    await assertRejects(
      () => readFile("reading", `${dir}/ten`, { most: 9 }),
      RecordError,
      "expected a file of at most 9 bytes, got 10 bytes, reading",
    );
    await assertRejects(() => readFile("reading", dir), RecordError, "got a folder");
    // It has no bytes until it is allotted some, and takes none of the disk.
    await Deno.truncate(`${dir}/ten`, 2 ** 40);
    for (const [door, open] of Object.entries(DOORS)) {
      await assertRejects(() => open(`${dir}/ten`), RecordError, "got 1099511627776 bytes", door);
    }
  }));

Deno.test({
  name: "pruning a database through a link leaves the link, and replaces what it leads to",
  ignore: !unix,
  fn: () =>
    temporary(async (dir) => {
      await Deno.mkdir(`${dir}/below`);
      {
        using database = await TuningDatabase.open(`${dir}/below/file`);
        database.add(records);
      }
      await Deno.symlink("below/file", `${dir}/link`);
      {
        using database = await TuningDatabase.open(`${dir}/link`);
        await database.prune({ keep: 1 });
        database.add(records);
      }
      assert(Deno.lstatSync(`${dir}/link`).isSymlink);
      assert(Deno.lstatSync(`${dir}/below/file`).isFile);
      const left = await readLog(`${dir}/below/file`);
      assert(left.length > 0);
      assertEquals(await readLog(`${dir}/link`), left);
    }),
});

Deno.test({
  name: "an append to a log that was deleted or replaced is refused, and its records are not lost in silence",
  ignore: !unix,
  fn: () =>
    temporary(async (dir) => {
      const path = `${dir}/log`;
      using log = await RecordLog.open(path, own);
      log.append([own]);
      await Deno.remove(path);
      assertThrows(() => log.append([own]), RecordError, "it was deleted or replaced since it was opened");
      assertEquals(log.records.length, 1);
      await Deno.writeTextFile(path, "another");
      assertThrows(() => log.append([own]), RecordError, "it was deleted or replaced since it was opened");
      assertEquals(await Deno.readTextFile(path), "another");
    }),
});

Deno.test("logs that are put one after another are read as all of them, and go on", () =>
  temporary(async (dir) => {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (const [k, record] of records.entries()) {
      using log = await RecordLog.open(`${dir}/${k}`, own);
      log.append([record]);
      parts.push(await Deno.readFile(`${dir}/${k}`));
    }
    // One that another tool has closed, too.
    parts.splice(1, 0, tableToIPC(recordsToTable(records), "stream") as Uint8Array<ArrayBuffer>);
    const expected = [records[0], ...records, ...records.slice(1)] as readonly TrialRecord[];
    const path = `${dir}/all`;
    await Deno.writeFile(path, new Uint8Array(await new Blob(parts).arrayBuffer()));
    const trials = (all: readonly TrialRecord[]) => all.map((r) => r.trial);
    assertEquals(trials(await readLog(path)), trials(expected));
    {
      await Deno.remove(`${dir}/0`);
      await Deno.writeFile(`${dir}/0`, new Uint8Array(await new Blob([parts[0]!, parts[2]!]).arrayBuffer()));
      using log = await RecordLog.open(`${dir}/0`, own);
      assertEquals(log.records.length, 2);
      log.append(records);
    }
    assertEquals(trials(await readLog(`${dir}/0`)), trials([...records.slice(0, 2), ...records]));
    // A log of another program among them is read, and not appended to.
    const [other] = recordsOf(te.mul({ shape: [64] }), cpu, [1]) as [TrialRecord];
    {
      using log = await RecordLog.open(`${dir}/other`, other);
      log.append([other]);
    }
    const both = [await Deno.readFile(`${dir}/other`), parts[0]!];
    await Deno.writeFile(path, new Uint8Array(await new Blob(both).arrayBuffer()));
    assertEquals((await readLog(path)).map((r) => r.fingerprint), [other.fingerprint, own.fingerprint]);
    await assertRejects(() => RecordLog.open(path, own), RecordError, "log of");
  }));
