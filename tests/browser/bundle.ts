/** Builder and runtime as one script for a browser page. */
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a page needs to schedule, compile and run programs. */
const ENTRY = `
export * as te from "./lib/face/te.ts";
export { schedule } from "./lib/dlight/schedule.ts";
export { Schedule } from "./lib/schedule/schedule.ts";
export { replay } from "./lib/schedule/trace.ts";
export { lower } from "./lib/lower/pipeline.ts";
export { compile } from "./lib/codegen/compile.ts";
export { Device } from "./lib/runtime/device.ts";
`;

/** The name by which a page finds what the bundle exports. */
export const GLOBAL = "tunebook";

/** A bundle, and where its bytes come from. */
export interface Bundle {
  /** A script that defines {@linkcode GLOBAL}. */
  readonly script: string;
  /** Its size as UTF-8. */
  readonly bytes: number;
  /** What it imports when it runs. */
  readonly imports: readonly string[];
  /** Minified bytes of each room of lib, and of each package, the largest first. */
  readonly shares: readonly (readonly [room: string, bytes: number])[];
}

/**
 * Bundles builder and runtime, minified.
 *
 * @throws where a module imports something that no page has
 */
export async function bundle(): Promise<Bundle> {
  try {
    const { outputFiles, metafile } = await esbuild.build({
      stdin: { contents: ENTRY, resolveDir: root, sourcefile: "entry.ts", loader: "ts" },
      absWorkingDir: root,
      bundle: true,
      minify: true,
      platform: "browser",
      target: "esnext",
      format: "iife",
      globalName: GLOBAL,
      charset: "utf8",
      metafile: true,
      write: false,
      // An import map's and a compiler's settings of the project are none of the bundle's.
      tsconfigRaw: {},
      logLevel: "silent",
    });
    const [file] = outputFiles, [output] = Object.values(metafile.outputs);
    if (!file || !output) throw new Error("esbuild gave no output");
    const shares = new Map<string, number>();
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const room = /^lib\/([^/]+)\//.exec(path)?.[1] ?? path;
      shares.set(room, (shares.get(room) ?? 0) + bytesInOutput);
    }
    return {
      script: file.text,
      bytes: file.contents.byteLength,
      imports: output.imports.map((i) => i.path),
      shares: [...shares].toSorted(([, a], [, b]) => b - a),
    };
  } finally {
    await esbuild.stop();
  }
}

/** The size of a bundle and of its rooms, a line each. */
export function sharesOf({ bytes, shares }: Bundle): string {
  return [...shares, ["total", bytes] as const]
    .map(([room, own]) => `${room.padEnd(12)} ${(own / 1000).toFixed(1).padStart(7)} kB`)
    .join("\n");
}

if (import.meta.main) console.log(sharesOf(await bundle()));
