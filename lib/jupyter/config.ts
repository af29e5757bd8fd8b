/** Which deno.json a kernel starts with: the notebook's own, with `tunebook` added where it lacks it. */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { hashOf } from "../base/hash.ts";
import { nearestConfig } from "../measure/project_config.ts";
import { parse } from "npm:jsonc-parser@3.3.1";

type Imports = Readonly<Record<string, string>>;

/** The fields of a deno.json that matter to cells. */
interface Config {
  readonly imports?: Imports;
  readonly scopes?: Readonly<Record<string, Imports>>;
  readonly importMap?: string;
  readonly compilerOptions?: object;
  readonly unstable?: readonly string[];
}

/** Where a kernel starts. */
export interface Start {
  /** The folder in which, or above which, its deno.json lies. */
  readonly folder: string;
  /** The path of that deno.json. */
  readonly config: string;
}

/**
 * Finds where the kernel of a notebook starts. A project around the notebook that has `tunebook` in its import map is used
 * as it is. A project without it gets an import map beside its own names; these win.
 *
 * @param notebook the notebook's folder
 * @param installed the folder of the installed kernel, whose deno.json has `tunebook`
 */
export async function startOf(notebook: string, installed: string): Promise<Start> {
  const own = nearestConfig(notebook), config = join(installed, "deno.json");
  if (own === undefined) return { folder: installed, config };
  const project = withImportMap(readConfig(own), own);
  if (project.imports && "tunebook" in project.imports) {
    return { folder: notebook, config: own };
  }
  // It is as lasting as the kernel: one for each project.
  const folder = join(installed, "projects", hashOf(own)), merged = join(folder, "deno.json");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(merged, JSON.stringify(merge(project, readConfig(config), own)));
  return { folder, config: merged };
}

/** A deno.json may have comments, too. What can't be read is as good as empty: Deno says what is wrong with it. */
function readConfig(path: string): Config {
  const read: unknown = parse(Deno.readTextFileSync(path), [], { allowTrailingComma: true });
  return typeof read === "object" && read !== null ? read : {};
}

/** An import map in a file of its own takes the place of `imports`. */
function withImportMap(config: Config, path: string): Config {
  if (config.importMap === undefined) return config;
  const { imports, scopes } = readConfig(join(dirname(path), config.importMap));
  return { ...config, ...imports && { imports }, ...scopes && { scopes } };
}

function merge(project: Config, kernel: Config, path: string): object {
  const base = pathToFileURL(path);
  const absolute = (imports: Imports = {}) =>
    Object.fromEntries(
      Object.entries(imports).map((
        [name, to],
      ) => [name, /^\.{0,2}\//.test(to) ? new URL(to, base).href : to]),
    );
  const { compilerOptions, unstable, scopes = {} } = project;
  return {
    imports: { ...kernel.imports, ...absolute(project.imports) },
    scopes: Object.fromEntries(
      Object.entries(scopes).map(([scope, imports]) => [new URL(scope, base).href, absolute(imports)]),
    ),
    nodeModulesDir: "none",
    ...compilerOptions && { compilerOptions },
    ...unstable && { unstable },
  };
}
