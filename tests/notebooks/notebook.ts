/** Notebooks as data: Jupyter's format, version 4.5. */
import { DISPLAY_NAME, KERNEL_NAME } from "../../lib/jupyter/install.ts";

export interface Output {
  readonly output_type: "stream" | "display_data" | "execute_result" | "error";
  readonly name?: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly evalue?: string;
}

export interface Cell {
  readonly cell_type: "code" | "markdown" | "raw";
  readonly id?: string;
  readonly source: string | readonly string[];
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Notebook {
  readonly cells: readonly Cell[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

export function sourceOf(cell: Cell): string {
  return textOf(cell.source);
}

export function codeOf(notebook: Notebook): readonly Cell[] {
  return notebook.cells.filter((c) => c.cell_type === "code");
}

/** Text, which the format also allows as a list of lines. */
export function textOf(text: string | readonly string[]): string {
  return typeof text === "string" ? text : text.join("");
}

const METADATA = {
  kernelspec: { display_name: DISPLAY_NAME, language: "typescript", name: KERNEL_NAME },
  language_info: {
    file_extension: ".ts",
    mimetype: "text/x.typescript",
    name: "typescript",
    nbconvert_exporter: "script",
    pygments_lexer: "typescript",
  },
} as const;

/** Without what differs from run to run and says nothing: ids by place, no versions, no times. */
export function normalized(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell, k): Cell => ({
    ...cell,
    id: `cell-${`${k + 1}`.padStart(2, "0")}`,
    metadata: "tags" in cell.metadata ? { tags: cell.metadata["tags"] } : {},
  }));
  return { cells, metadata: METADATA, nbformat: 4, nbformat_minor: 5 };
}
