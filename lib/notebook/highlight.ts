/** Colours programs for a page and for a terminal. */
import { escapeHtml } from "./tables.ts";

/** A language that can be coloured; `text` has no colours. */
export type Language = "tvmscript" | "wgsl" | "js" | "text";

/** A kind of token with its own colour. */
export type Ink = "comment" | "string" | "keyword" | "type" | "number" | "attribute";

interface Look {
  readonly css: string;
  /** Parameters of a terminal's escape sequence. */
  readonly ansi: string;
}

/**
 * A hue, mixed with the colour of the text around it: dark on a light page, light on a dark one. A cell's output does not
 * know its page. Where a viewer does not know mixtures, the hue alone reads on both.
 */
const hue = (hex: string) => `color:${hex};color:color-mix(in srgb,${hex} 65%,currentcolor)`;

/**
 * The colours of tokens: Okabe and Ito's hues, distinct for the colour-blind. The commonest tokens also differ in weight
 * or slant.
 */
export const INKS: Readonly<Record<Ink, Look>> = {
  comment: { css: `${hue("#777777")};font-style:italic`, ansi: "2;3" },
  string: { css: hue("#008762"), ansi: "32" },
  keyword: { css: `${hue("#047cc0")};font-weight:bold`, ansi: "1;34" },
  type: { css: hue("#047cc0"), ansi: "36" },
  number: { css: hue("#c35600"), ansi: "33" },
  attribute: { css: hue("#a46186"), ansi: "35" },
};

const words = (list: string) => `\\b(?:${list.trim().split(/\s+/).join("|")})\\b`;
const STRING = `"(?:[^"\\\\\\n]|\\\\.)*"?`;
const NUMBER = `\\b(?:0x[\\da-fA-F]+|\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?)[iufh]?\\b`;

/** The patterns of each language's tokens. The first pattern that matches at a position applies. */
const GRAMMARS: Readonly<Record<Language, Readonly<Partial<Record<Ink, string>>>>> = {
  tvmscript: {
    comment: "#.*",
    string: STRING,
    keyword: words("def for in range with if else and or not while pass return True False None"),
    type: `\\b[TR]\\.\\w+(?:\\.\\w+)*|\\bsch\\.\\w+|${words("null true false")}`,
    number: NUMBER,
    attribute: "@[\\w.]+",
  },
  wgsl: {
    // An unclosed comment reaches to the end, so that no character is scanned twice.
    comment: "//.*|/\\*[^]*?(?:\\*/|$)",
    keyword: words(
      `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for
       if let loop override requires return struct switch true var while`,
    ),
    type: words(
      `bool f16 f32 i32 u32 vec[234][iufh]? mat[234]x[234][fh]? array atomic ptr sampler texture_\\w+ storage
       workgroup uniform function private read write read_write`,
    ),
    number: NUMBER,
    attribute: "@\\w+",
  },
  js: {
    comment: "//.*|/\\*[^]*?(?:\\*/|$)",
    string: `${STRING}|'(?:[^'\\\\\\n]|\\\\.)*'?`,
    keyword: words(
      "const let var function return for while do if else new of in break continue true false null undefined",
    ),
    type: words("\\w+Array Math Number Array Object"),
    number: NUMBER,
  },
  text: {},
};

const PATTERNS = Object.fromEntries(
  Object.entries(GRAMMARS).map(([language, inks]) => [
    language,
    // The last alternative never matches. An empty pattern would match everywhere.
    new RegExp([...Object.entries(inks).map(([ink, p]) => `(?<${ink}>${p})`), "(?!)"].join("|"), "g"),
  ]),
) as Readonly<Record<Language, RegExp>>;

/** Consecutive characters of one colour. */
interface Piece {
  readonly ink?: Ink;
  readonly text: string;
}

/** Splits a text into lines, and each line into pieces. */
function piecesOf(text: string, language: Language): readonly (readonly Piece[])[] {
  const lines: Piece[][] = [[]];
  const put = (run: string, ink?: Ink) =>
    run.split("\n").forEach((part, k) => {
      if (k > 0) lines.push([]);
      if (part !== "") lines.at(-1)?.push(ink ? { ink, text: part } : { text: part });
    });
  let from = 0;
  for (const m of text.matchAll(PATTERNS[language])) {
    put(text.slice(from, m.index));
    const [ink] = Object.entries(m.groups ?? {}).find(([, run]) => run !== undefined) ?? [];
    put(m[0], ink as Ink);
    from = m.index + m[0].length;
  }
  put(text.slice(from));
  return lines;
}

/** Returns the lines of a text as coloured HTML, with the text escaped. A function's parameters wrap as wholes. */
export function linesInHtml(text: string, language: Language): readonly string[] {
  const lines = piecesOf(text, language).map(inHtml);
  if (language !== "tvmscript") return lines;
  const texts = text.split("\n");
  return lines.map((html, k) => signatureInHtml(texts[k] ?? "") ?? html);
}

/** A line may wrap where arguments begin: a call is often longer than a line of a phone. */
function inHtml(pieces: readonly Piece[]): string {
  return pieces.map((p) =>
    p.ink
      ? `<span style="${INKS[p.ink].css}">${escapeHtml(p.text)}</span>`
      : escapeHtml(p.text).replace(/\((?!\))/g, "(<wbr>")
  ).join("");
}

/** Returns the first line of a function with each parameter as a whole; undefined for another line. */
function signatureInHtml(line: string): string | undefined {
  const [, before, parameters, after] = /^(\s*def \w+\()(\w+: .*, \w+: .*)(\).*:)$/.exec(line) ?? [];
  if (before === undefined || parameters === undefined || after === undefined) return undefined;
  const all = parameters.split(/(?<=, )(?=\w+: )/).map((p, k, { length }) => k < length - 1 ? p : p + after);
  const [first, ...others] = [before, ...all].flatMap((part) => piecesOf(part, "tvmscript").map(inHtml));
  return first + others.map((p) => `<span style="display:inline-block;text-indent:0">${p}</span>`).join("");
}

/** Adds a terminal's colours to a text. */
export function inAnsi(text: string, language: Language): string {
  return piecesOf(text, language).map((line) =>
    line.map((p) => p.ink ? ansi(INKS[p.ink].ansi, p.text) : p.text).join("")
  ).join("\n");
}

/** Puts a text between a terminal's escape sequence with these parameters and the one that ends it. */
export function ansi(parameters: string, text: string): string {
  return `\x1b[${parameters}m${text}\x1b[0m`;
}
