/** Tests that need Jupyter: ignored where there is none, but never in CI. */
import type { Cell, Notebook } from "./notebook.ts";
import { findPython } from "./run.ts";

const missing = await findPython() === undefined && Deno.env.get("CI") !== "true";

export function jupyterTest(name: string, fn: () => Promise<void>): void {
  const why = missing ? " (ignored: Debian's jupyter-client and jupyter-nbconvert are not here)" : "";
  Deno.test({ name: name + why, ignore: missing, fn });
}

/** A notebook that was never executed. */
export function notebookOf(...sources: readonly string[]): Notebook {
  const cells = sources.map((source, k): Cell => ({
    cell_type: "code",
    id: `c${k}`,
    source,
    outputs: [],
    execution_count: null,
    metadata: {},
  }));
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}
