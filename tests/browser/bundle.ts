/**
 * Makes the scripts for browser pages: `deno task bundle` writes them into one generated file, compressed, and says what
 * takes their space.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import * as esbuild from "esbuild";
import { minify } from "terser";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { SCRIPT_GLOBAL } from "../../lib/browser/page_parts.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The scripts, and the modules that they begin with. */
export const SCRIPTS = {
  /** A module: `tunebook/browser` for pages without a bundler. */
  tunebook: { entry: "lib/face/browser.ts", format: "esm" },
  /** A shared page's: it measures the page's schedules on the reader's device. */
  measureHere: { entry: "lib/browser/measure_here.ts", format: "iife" },
  /** A worker page's, which measures for a fleet. */
  worker: { entry: "lib/browser/worker_page.ts", format: "esm" },
} as const;

/** The name of a script. */
export type ScriptName = keyof typeof SCRIPTS;

/** A script, and where its bytes come from. */
export interface Bundle {
  readonly text: string;
  /** Its size as UTF-8. */
  readonly bytes: number;
  /** Its size as a page carries it. */
  readonly gzip: Uint8Array;
  /** What it imports when it runs. */
  readonly imports: readonly string[];
  /** Bytes of each room of lib, and of each package, as esbuild minifies them, the largest first. */
  readonly shares: readonly (readonly [room: string, bytes: number])[];
}

/** The packages of the lock file, as `name@version`. */
const LOCKED = Object.keys(JSON.parse(await Deno.readTextFile(`${root}deno.lock`)).npm as object);

/**
 * What a page can't have: evaluating text as code, which the policy of a shared page forbids. And what it has no use for: peaks
 * of a device, which searches and charts ask for.
 */
const NOT_IN_A_PAGE =
  /[\\/]lib[\\/](codegen[\\/](js|wasm)[\\/]|runtime[\\/](cpu|wasm)[\\/]|runtime[\\/]probe(_wasm)?\.ts)/;

/** Puts functions that throw in the place of the CPU as a device. */
const WITHOUT_CPU: esbuild.Plugin = {
  name: "without the CPU as a device",
  setup(build) {
    build.onLoad({ filter: NOT_IN_A_PAGE }, async ({ path }) => {
      const source = await Deno.readTextFile(path);
      const names = [...source.matchAll(/^export (?:async )?(?:function\*?|class|const) (\w+)/gm)].map((m) =>
        m[1]
      );
      const why = /probe\.ts$/.test(path)
        ? "expected device.probe() in Deno, got it in a page: charts and searches, which ask for peaks, are there"
        : "expected a browser with WebGPU, got one without: a page has no other device";
      const contents = `import { NoDeviceError } from ${JSON.stringify(`${root}lib/runtime/error.ts`)};\n` +
        `function refuse() { throw new NoDeviceError(${JSON.stringify(why)}); }\n` +
        `export { ${names.map((name) => `refuse as ${name}`).join(", ")} };`;
      return { contents, loader: "ts" };
    });
  },
};

/** A module of lib that is not used has no effect, so that a script can do without it. */
const WITHOUT_UNUSED: esbuild.Plugin = {
  name: "without unused modules",
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
      const from = pathToFileURL(importer), found = fileURLToPath(new URL(path, from));
      return found.startsWith(`${root}lib`) ? { path: found, sideEffects: false } : undefined;
    });
  },
};

/** Finds packages where Deno keeps them, in the locked versions. */
const FROM_DENO: esbuild.Plugin = {
  name: "packages of Deno",
  setup(build) {
    build.onResolve({ filter: /^(npm:|@|\w)/ }, async ({ path, importer }) => {
      const inPackage = importer.includes("/registry.npmjs.org/");
      const [, name = "", sub = ""] = /^(?:npm:\/?)?((?:@[\w-]+\/)?[\w-]+)(?:@[\d.]+)?(\/.*)?$/.exec(path) ??
        [];
      if (!inPackage && !path.startsWith("npm:")) return undefined;
      // A package asks for a host's modules only after it has looked which host it has.
      if (inPackage && /^(node:|crypto$|buffer$)/.test(path)) return { path, namespace: "host" };
      const version = LOCKED.find((key) => key.startsWith(`${name}@`))?.slice(name.length + 1);
      if (version === undefined) return undefined;
      const specifier = `npm:${name}@${version.split("_")[0]}${sub}`;
      // A package has the URL of a file only after it is loaded.
      await import(specifier);
      return { path: fileURLToPath(import.meta.resolve(specifier)) };
    });
    build.onLoad({ filter: /^/, namespace: "host" }, () => ({ contents: "module.exports = {};" }));
  },
};

/**
 * Bundles a script, minified.
 *
 * @throws where a module imports something that no page has
 */
export async function bundle(name: ScriptName): Promise<Bundle> {
  const { entry, format } = SCRIPTS[name];
  try {
    const { outputFiles, metafile } = await esbuild.build({
      entryPoints: [`${root}${entry}`],
      absWorkingDir: root,
      bundle: true,
      minify: true,
      platform: "browser",
      target: "esnext",
      format,
      ...(format === "iife" ? { globalName: SCRIPT_GLOBAL } : {}),
      charset: "utf8",
      metafile: true,
      write: false,
      plugins: [WITHOUT_CPU, WITHOUT_UNUSED, FROM_DENO],
      // An import map's and a compiler's settings of the project are none of the bundle's.
      tsconfigRaw: {},
      logLevel: "silent",
    });
    const [file] = outputFiles, [output] = Object.values(metafile.outputs);
    if (!file || !output) throw new Error("esbuild gave no output");
    // Terser takes another hundredth, and more of what is compressed.
    const { code: text = "" } = await minify(file.text, {
      module: format === "esm",
      ecma: 2020,
      // No script reads the prototype of a function, or has a getter that does more than give a value.
      compress: { passes: 2, unsafe_arrows: true },
    });
    const contents = new TextEncoder().encode(text);
    const shares = new Map<string, number>();
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const room = /^lib\/([^/]+)\//.exec(path)?.[1] ??
        /\/registry\.npmjs\.org\/((?:@[\w-]+\/)?[\w-]+)/.exec(path)?.[1] ?? path;
      shares.set(room, (shares.get(room) ?? 0) + bytesInOutput);
    }
    return {
      text,
      bytes: contents.byteLength,
      gzip: gzipSync(contents, { level: 9 }),
      imports: output.imports.map((i) => i.path),
      shares: [...shares].toSorted(([, a], [, b]) => b - a),
    };
  } finally {
    await esbuild.stop();
  }
}

/** The size of a script and of its rooms, a line each. */
export function sharesOf({ bytes, gzip, shares }: Bundle): string {
  return [...shares, ["total", bytes] as const, ["compressed", gzip.byteLength] as const]
    .map(([room, own]) => `${room.padEnd(20)} ${(own / 1000).toFixed(1).padStart(7)} kB`)
    .join("\n");
}

/** The generated file, relative to the root. */
export const GENERATED = "lib/browser/bundle.generated.ts";

/** The text of the generated file. */
export async function generated(bundles: Readonly<Record<ScriptName, Bundle>>): Promise<string> {
  const entries = await Promise.all(
    Object.entries(bundles).map(async ([name, { text, bytes, gzip }]) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      const sha256 = new Uint8Array(digest).toBase64();
      return `  ${name}: {\n    bytes: ${bytes},\n    sha256: "${sha256}",\n    gzip:\n      "${gzip.toBase64()}",\n  },\n`;
    }),
  );
  return "/** The scripts for browser pages, compressed. `deno task bundle` has written this file. */\n" +
    'import type { PackedScript } from "./packed_script.ts";\n\n' +
    "/** Each script by its name. */\n" +
    `export const BUNDLE: Readonly<Record<${
      Object.keys(bundles).map((name) => `"${name}"`).join(" | ")
    }, PackedScript>> = {\n${entries.join("")}};\n`;
}

/** Makes every script. */
export async function bundles(): Promise<Readonly<Record<ScriptName, Bundle>>> {
  const made: [string, Bundle][] = [];
  for (const name of Object.keys(SCRIPTS) as ScriptName[]) made.push([name, await bundle(name)]);
  return Object.fromEntries(made) as Record<ScriptName, Bundle>;
}

const COMMAND = {
  name: "deno task bundle",
  summary:
    "Makes the scripts for browser pages, lib/browser/bundle.generated.ts, and says what takes their space.",
  options: {},
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => {
    argumentsOf(COMMAND, args);
    const made = await bundles();
    for (const [name, one] of Object.entries(made)) console.log(`${name}\n${sharesOf(one)}\n`);
    await Deno.writeTextFile(`${root}${GENERATED}`, await generated(made));
  });
}
