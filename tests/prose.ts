/** Finds the prose of files: comments and texts of code, and documents without their code. */

/** A piece of prose, and the line that it begins at, from 1. */
export interface Prose {
  readonly line: number;
  readonly text: string;
}

/** Characters after which a slash begins a regular expression and no division. */
const BEFORE_REGEXP = /(^|[(,=:[!&|?{};~+\-*%<>]|=>|\breturn|\bcase|\btypeof)\s*$/;

/**
 * Gives the comments and the texts of a TypeScript source, each as one piece. Neighbouring line comments are one, and
 * so are the parts of a text that `+` joins. Values inside of a template are left out, and texts of one word: they are
 * names.
 */
export function proseOfSource(source: string): readonly Prose[] {
  const pieces: { start: number; end: number; text: string; comment: boolean }[] = [];
  /** Templates whose `${…}` is being read, with the depth of braces there. */
  const open: number[] = [];
  let at = 0, depth = 0;
  const take = (end: number, text: string, comment: boolean) => {
    pieces.push({ start: at, end, text, comment });
    at = end;
  };
  const template = () => {
    const part = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
    part.lastIndex = at;
    const text = part.exec(source)?.[0] ?? "";
    const end = at + text.length, closes = source[end] === "`";
    take(end + (closes ? 1 : 2), text, false);
    if (!closes) open.push(depth++);
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 2), c = source[at] as string;
    if (rest === "//") {
      const end = source.indexOf("\n", at);
      take(end < 0 ? source.length : end, source.slice(at + 2, end < 0 ? undefined : end), true);
    } else if (rest === "/*") {
      const end = source.indexOf("*/", at) + 2;
      take(end, source.slice(at + 2, end - 2).replace(/^[ \t]*\* ?/gm, ""), true);
    } else if (c === '"' || c === "'") {
      const text = matchAt(c === '"' ? /"(?:[^"\\\n]|\\[^])*"/y : /'(?:[^'\\\n]|\\[^])*'/y, source, at);
      take(at + text.length, text.slice(1, -1), false);
    } else if (c === "`") {
      at++;
      template();
    } else if (c === "/" && BEFORE_REGEXP.test(source.slice(Math.max(0, at - 20), at))) {
      at += matchAt(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[a-z]*/y, source, at).length;
    } else if (c === "}" && open.at(-1) === depth - 1) {
      depth = open.pop() as number;
      at++;
      template();
    } else {
      if (c === "{") depth++;
      if (c === "}") depth--;
      at++;
    }
  }
  return joined(source, pieces);
}

/** What a sticky pattern matches at a position; at least one character, so that reading goes on. */
function matchAt(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? source[at] as string;
}

function joined(
  source: string,
  pieces: readonly { start: number; end: number; text: string; comment: boolean }[],
): readonly Prose[] {
  const out: { line: number; text: string }[] = [];
  let line = 1, counted = 0;
  let before: typeof pieces[number] | undefined;
  for (const piece of pieces) {
    const between = before ? source.slice(before.end, piece.start) : "";
    const joins = before?.comment === piece.comment && (piece.comment ? /^\s*$/ : /^[\s+]*$/).test(between) &&
      source.startsWith("//", piece.start) === source.startsWith("//", before.start) &&
      !source.startsWith("/*", piece.start);
    const last = out.at(-1);
    if (joins && last) {
      last.text += (piece.comment ? "\n" : between.replace(/[^\n]/g, "")) + piece.text;
    } else {
      line += source.slice(counted, piece.start).split("\n").length - 1;
      counted = piece.start;
      out.push({ line, text: piece.text });
    }
    before = piece;
  }
  return out.filter((p) => /\s/.test(p.text));
}

/** Gives the paragraphs of a document, without blocks of code and without code in a line. */
export function proseOfMarkdown(text: string): readonly Prose[] {
  const bare = text
    .replace(/^```[^]*?^```/gm, (code) => code.replace(/[^\n]/g, ""))
    .replace(/`[^`\n]+`/g, "code");
  let line = 1;
  return bare.split("\n\n").map((paragraph) => {
    const piece = { line, text: paragraph };
    line += paragraph.split("\n").length + 1;
    return piece;
  });
}
