/** Runs ONNX's own tests by the providers of ONNX Runtime Web, each in processes of its own. */
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

/** What becomes of models. */
export interface Counts {
  readonly passed: number;
  readonly wrong: number;
  readonly refused: number;
}

/** The providers: `webgpu` has to take all of a model, and beside `wasm` only what it can. */
export const PROVIDERS = ["webgpu", "webgpu+wasm", "wasm"] as const;

/** A model that takes longer, on a machine that may be busy, is refused. */
const MOST_MS = 240_000;

const at = (path: string) => fileURLToPath(new URL(`../../peers/${path}`, import.meta.url));

/** Runs all models of a folder by a provider. A model that ends the process counts as refused. */
export async function runPeer(
  provider: typeof PROVIDERS[number],
  folder: string,
  said: (line: string) => void,
): Promise<Counts> {
  const counts = { passed: 0, wrong: 0, refused: 0 };
  for (let first = 0;;) {
    const { done, open } = await runFrom(provider, folder, first, (kind, reason, name) => {
      counts[kind]++;
      said(`${provider} ${kind} ${name}: ${reason}`);
    });
    first += done;
    if (open === undefined) return counts;
    counts.refused++;
    said(`${provider} ended ${open}`);
    first++;
  }
}

/** Runs models from a number on; gives how many it has done, and the one that ended the process. */
async function runFrom(
  provider: string,
  folder: string,
  first: number,
  found: (kind: keyof Counts, reason: string, name: string) => void,
): Promise<{ readonly done: number; readonly open: string | undefined }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ..."run --allow-all --quiet --no-check --config".split(" "),
      at("deno.json"),
      at("onnx_conformance.ts"),
      provider,
      folder,
      `${first}`,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let done = 0, open: string | undefined, timer: ReturnType<typeof setTimeout> | undefined;
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as unknown as ReadableStream) });
  for await (const line of lines) {
    // The library writes lines of its own.
    if (!line.startsWith('{"')) continue;
    const said = JSON.parse(line) as { begins?: string; kind?: keyof Counts; reason?: string };
    clearTimeout(timer);
    if (said.begins !== undefined) {
      open = said.begins;
      timer = setTimeout(() => child.kill("SIGKILL"), MOST_MS);
    } else if (said.kind !== undefined && open !== undefined) {
      found(said.kind, said.reason ?? "", open);
      open = undefined;
      done++;
    }
  }
  clearTimeout(timer);
  await child.status;
  return { done, open };
}
