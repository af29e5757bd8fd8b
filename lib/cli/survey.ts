/** A survey of a device: stages that each leave a table, and one page of all. */
import { tableFromIPC, tableToIPC } from "npm:apache-arrow@21.2.0";
import { messageOf } from "../base/error.ts";
import { number, oneOf } from "../base/option_kinds.ts";
import { RecordError } from "../records/error.ts";
import { kindOf, readFile } from "../records/read_file.ts";
import { Device } from "../runtime/device.ts";
import { pageOf, type Section } from "../share/page.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { BACKEND, deviceFrom, OUT } from "./common_options.ts";
import { openFolder } from "./open_folder.ts";
import { signalled } from "./signalled.ts";
import type { Stage } from "./survey/stage.ts";
import { STAGES } from "./survey/stages.ts";

const COMMAND = {
  name: "deno task survey",
  summary: "Measures this device in stages; leaves one folder to send, with one page to look at.",
  options: {
    minutes: {
      as: "number",
      kind: number({ above: 0 }),
      value: "10",
      help: "Minutes that it may take, about. Default 10.",
    },
    only: {
      as: "text",
      kind: oneOf(...STAGES.map((s) => s.name)),
      value: "STAGE",
      multiple: true,
      help: `Only this stage; may be given several times: ${
        STAGES.map((s) => s.name).join(", ")
      }. Default: all.`,
    },
    out: OUT,
    backend: BACKEND,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** The stage that says which device it is. */
const FIRST = STAGES[0] as Stage;

/**
 * Runs the stages that the folder does not have yet, and writes the page after each. A stage that fails says why, and the
 * others go on. Ctrl+C ends it; the next survey in the same folder goes on from there.
 *
 * @param stop ends the survey when it is aborted; the running stage leaves no table
 * @returns the exit code: 1 if a stage failed or the survey was stopped
 * @throws {OptionError} for an argument that it can't have
 * @throws {RecordError} if the folder can't be written, or holds a survey of another device
 */
export async function survey(args: readonly string[], stop: AbortSignal): Promise<number> {
  const { minutes = 10, out = "results", only = [], backend } = argumentsOf(COMMAND, args).values;
  await openFolder(out);
  using device = await Device.open(deviceFrom(backend));
  await checkDevice(out, device.target.name);
  console.log(`${device.target.name}: about ${minutes} minutes, in ${out}`);
  const chosen = STAGES.filter((s) => only.length === 0 || only.includes(s.name) || s === FIRST);
  const end = performance.now() + 60_000 * minutes;
  let failed = 0, shares = chosen.reduce((sum, s) => sum + s.share, 0);
  for (const stage of chosen) {
    if (stop.aborted) break;
    // What a stage leaves of its time is the others'.
    const part = stage.share / shares;
    shares -= stage.share;
    if (isDone(out, stage)) {
      console.log(`${stage.name}: done before`);
      continue;
    }
    const begin = performance.now(), left = Math.max(0, end - begin) / 1000;
    const seconds = Math.max(60 * minutes * stage.share, left * part);
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(1000 * seconds)]);
      const table = await stage.run({ device, out, seconds, signal, stop });
      if (stop.aborted) break;
      await Deno.writeFile(`${fileOf(out, stage)}.part`, tableToIPC(table, "stream"));
      await Deno.rename(`${fileOf(out, stage)}.part`, fileOf(out, stage));
      console.log(
        `${stage.name}: ${table.numRows} rows in ${((performance.now() - begin) / 1000).toFixed(0)} s`,
      );
    } catch (e) {
      if (stop.aborted) break;
      failed++;
      console.log(`${stage.name}: failed: ${messageOf(e)}`);
    }
    await writePage(device.target.name, out);
  }
  console.log(stop.aborted ? "stopped; the same command goes on" : `${out}/index.html shows it`);
  return failed === 0 && !stop.aborted ? 0 : 1;
}

function fileOf(out: string, { name }: Stage): string {
  return `${out}/${name}.arrows`;
}

function isDone(out: string, stage: Stage): boolean {
  return kindOf("surveying", fileOf(out, stage)) === "file";
}

/** @throws {RecordError} if the folder holds a survey of another device */
async function checkDevice(out: string, name: string): Promise<void> {
  if (!isDone(out, FIRST)) return;
  const rows = tableFromIPC(await readFile("surveying", fileOf(out, FIRST))).toArray();
  const known = rows.find((r) => r.fact === "name")?.value;
  if (known === JSON.stringify(name)) return;
  throw new RecordError(
    `expected a survey of ${name}, got one of ${known} in ${out}; choose another folder with --out`,
  );
}

async function writePage(name: string, out: string): Promise<void> {
  const sections: Section[] = [];
  for (const stage of STAGES.filter((s) => isDone(out, s))) {
    const { title, text } = stage;
    const table = tableFromIPC(await readFile("surveying", fileOf(out, stage)));
    sections.push({ title, text, parts: [...await stage.charts?.(out) ?? [], table] });
  }
  const intro = "Each table is a file of this folder too, as an Arrow stream.";
  await Deno.writeTextFile(`${out}/index.html`, await pageOf(`Survey of ${name}`, intro, sections));
}

if (import.meta.main) {
  const stop = new AbortController();
  await runCommand(COMMAND, (args) => {
    signalled().then(() => stop.abort());
    return survey(args, stop.signal);
  });
}
