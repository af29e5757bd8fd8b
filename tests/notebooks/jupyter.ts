/** Tests that need Jupyter: ignored where there is none, but never in CI. */
import type { Cell, Notebook } from "./notebook.ts";
import { findPython } from "./run.ts";

const ci = Deno.env.get("CI") === "true";
const missing = await findPython() === undefined && !ci;

export function jupyterTest(name: string, fn: () => Promise<void>, alsoMissing?: string): void {
  const what = missing
    ? "Debian's jupyter-client and jupyter-nbconvert are not here"
    : ci
    ? undefined
    : alsoMissing;
  Deno.test({
    name: what === undefined ? name : `${name} (ignored: ${what})`,
    ignore: what !== undefined,
    fn,
  });
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
