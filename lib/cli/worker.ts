/** Offers this machine's device to a fleet: takes jobs from its server, measures them, and answers. */
import { TunebookError } from "../base/error.ts";
import { name as nameKind } from "../base/option_kinds.ts";
import { connect } from "../fleet/connect.ts";
import { type Credentials, credentialsFromText } from "../fleet/credentials.ts";
import { workerNameKind } from "../fleet/messages.ts";
import { work, type WorkEvent } from "../fleet/work.ts";
import { Measurer } from "../measure/measurer.ts";
import { Device } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { BACKEND, deviceFrom } from "./common_options.ts";
import { signalled } from "./signalled.ts";

const COMMAND = {
  name: "deno task worker",
  summary: "Offers this machine's device to a fleet, whose searches then measure on it.",
  options: {
    connect: {
      as: "text",
      kind: nameKind,
      value: "nats://HOST:4222",
      help: "The server of the fleet. Default: that of the credentials.",
    },
    name: {
      as: "text",
      kind: workerNameKind,
      value: "NAME",
      help:
        "The worker's name, one of its own. Default: that of the credentials, or made of the host's name.",
    },
    credentials: {
      as: "text",
      kind: nameKind,
      value: "FILE",
      help: "A file with the worker's credentials, as deno task fleet writes it. Default: none.",
    },
    backend: BACKEND,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/**
 * Works until the process gets a signal to end. The job that is being measured is answered first.
 *
 * @throws {TunebookError} for wrong arguments, a server that doesn't answer, and a device that can't be opened
 */
export async function runWorker(args: readonly string[]): Promise<void> {
  const { values } = argumentsOf(COMMAND, args);
  const credentials = await credentialsIn(values.credentials);
  const url = values.connect ?? credentials?.url;
  if (url === undefined) {
    throw new TunebookError("missing option --connect: expected the server of a fleet, as nats://HOST:4222");
  }
  const worker = values.name ?? credentials?.name ?? ownName();
  const target = await targetOf(values.backend);
  await using transport = await connect(url, { name: worker, ...(credentials ? { credentials } : {}) });
  console.log(`${worker}: ${target.name}, waiting for jobs; Ctrl+C ends it after its job`);
  const end = new AbortController();
  signalled().then(() => {
    console.log("ending after the present job; a second signal ends at once");
    end.abort();
    signalled().then(() => Deno.exit(1));
  });
  const jobs = await work(transport, {
    worker,
    target,
    open: (options) => Measurer.open(options),
    signal: end.signal,
    report: (event) => console.log(lineOf(event)),
  });
  console.log(`${worker}: answered ${jobs} jobs`);
}

/** Probes the device, and closes it: each session opens its own in a process. */
async function targetOf(backend: string | undefined): Promise<Target> {
  using device = await Device.open(deviceFrom(backend));
  await device.probe();
  return device.target;
}

/** @throws {TunebookError} for a file that isn't there or has none */
export async function credentialsIn(path: string | undefined): Promise<Credentials | undefined> {
  if (path === undefined) return undefined;
  try {
    return credentialsFromText(await Deno.readTextFile(path));
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e;
    throw new TunebookError(`expected a file with credentials, got ${path}, which is not there`);
  }
}

function ownName(): string {
  const host = Deno.hostname().replace(/[^A-Za-z0-9_-]/g, "-").slice(0, 40);
  return `${host}-${crypto.randomUUID().slice(0, 8)}`;
}

function lineOf(event: WorkEvent): string {
  switch (event.kind) {
    case "took":
      return event.delivery > 1 ? `took a job, delivery ${event.delivery}` : "took a job";
    case "answered":
      return `answered in ${Math.round(event.busyMs)} ms: ${saidOf(event)}`;
    case "refused":
      return `refused a job: ${event.message}`;
    case "lost":
      return `trying again: ${event.message}`;
    case "back":
      return "the server answers again";
    default:
      return event satisfies never;
  }
}

function saidOf({ outcome }: Extract<WorkEvent, { readonly kind: "answered" }>): string {
  switch (outcome.kind) {
    case "measured":
      return `${outcome.measurement.status}${outcome.promoted ? ", the fastest so far" : ""}`;
    case "raced":
      return `a race of ${outcome.measurements.length}`;
    case "refused":
      return outcome.message;
    default:
      return outcome satisfies never;
  }
}

if (import.meta.main) await runCommand(COMMAND, runWorker);
