/**
 * Finds words that make a sentence hard to read, in the comments and texts of the code and in the documents:
 * `deno task style` runs it. Each finding names the standard term. It exits with 1 if it finds anything.
 */
import { walkFiles } from "./walk_files.ts";
import { type Prose, proseOfMarkdown, proseOfSource } from "./prose.ts";

/** A banned word or phrase, and what to write. */
interface Word {
  readonly pattern: RegExp;
  readonly instead: string;
}

const WORDS: readonly Word[] = [
  { pattern: /\bwhoever('s)?\b/i, instead: "name the actor: the caller, the user, any member" },
  { pattern: /\bwhom?\b/i, instead: "name the actor, or use a noun with that" },
  {
    pattern: /\b(nobody|anybody|somebody|no one|anyone|someone)\b/i,
    instead: "name the actor, or use the passive",
  },
  { pattern: /\banew\b/i, instead: "again, or re-measure" },
  { pattern: /\bstrangers?('s?)?\b/i, instead: "untrusted input, untrusted" },
  { pattern: /\bof which\b/i, instead: "a second sentence" },
  { pattern: /\bas many\b/i, instead: "the same number of" },
  { pattern: /\bin turn\b/i, instead: "alternately, interleaved, or one after the other" },
  {
    pattern: /(?<!\bin )\bturns?\b(?! (on|off|out|into|to)\b)/i,
    instead: "iteration of a loop; slice of a search",
  },
  { pattern: /\bno more\b(?! than)/i, instead: "no longer, or no further" },
  { pattern: /\bit is no\b(?! longer)/i, instead: "it is not a" },
  { pattern: /\bso (many|much|few)\b/i, instead: "that number of, or the number itself" },
  { pattern: /\b(is|are|was|were) told\b/i, instead: "receives" },
  { pattern: /\bheld against\b/i, instead: "compared with, checked against" },
  { pattern: /\bstands? (against|still)\b/i, instead: "forbids, prevents; is constant" },
  { pattern: /\bwhat is there\b/i, instead: "name the thing" },
  { pattern: /\bat hand\b/i, instead: "current" },
  { pattern: /\b(came|comes|come) of\b/i, instead: "result, outcome" },
  { pattern: /\bhand(s|ed)? (on|each other)\b/i, instead: "pass, exchange" },
  { pattern: /\bin the making\b/i, instead: "unfinished, draft" },
  {
    pattern: /\b(bring|brings|bringing|brought) near(er)?\b/i,
    instead: "copy into registers, or into workgroup memory",
  },
  { pattern: /\bby its own word\b/i, instead: "as it reports" },
  { pattern: /\bbut (where|what|those|that what)\b/i, instead: "except" },
  { pattern: /\bas far as\b/i, instead: "where, or to the extent that" },
  { pattern: /\b(one|two) an? (?!(a|the|time)\b)[a-z]+/i, instead: "one per" },
  {
    pattern: /\b(results|rows|elements|texels|kernels|operations|threads|lanes|scalars|steps) an? [a-z]+/i,
    instead: "per",
  },
  { pattern: /\bwhich (one )?it is\b/i, instead: "its index, its kind" },
  { pattern: /\bgoes to\b/i, instead: "counts for, is written to" },
];

/** Findings that are right as they are: the file, the text around it, and why. */
const EXEMPT: readonly { readonly file: string; readonly text: string; readonly because: string }[] = [
  {
    file: "lib/schedule/stream_k.ts",
    text: "worker, slot, i_1, turn, k",
    because: "turn names an axis of programs in records",
  },
];

const FILES = ["lib", "mod.ts", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"];
const ROOT = new URL("..", import.meta.url);

/** Finds the banned words of one file. */
export function findWords(file: string, text: string): readonly string[] {
  const prose = file.endsWith(".md") ? proseOfMarkdown(text) : proseOfSource(text);
  return prose.flatMap((p) => wordsIn(file, p));
}

function wordsIn(file: string, { line, text }: Prose): readonly string[] {
  return WORDS.flatMap(({ pattern, instead }) => {
    const found = pattern.exec(text);
    if (!found) return [];
    if (EXEMPT.some((e) => e.file === file && text.includes(e.text))) return [];
    const at = line + text.slice(0, found.index).split("\n").length - 1;
    return [`${file}:${at}: "${sentenceAt(text, found.index)}"\n  ${found[0]} → ${instead}`];
  });
}

/** The sentence around a position, on one line. */
function sentenceAt(text: string, index: number): string {
  const start = Math.max(
    ...[...text.slice(0, index).matchAll(/[.:;]\s|\n\s*\n/g)].map((m) => m.index + 1),
    0,
  );
  const end = /[.:;](\s|$)|\n\s*\n/.exec(text.slice(index));
  return text.slice(start, end ? index + end.index + 1 : undefined).replace(/\s+/g, " ").trim();
}

if (import.meta.main) {
  const found: string[] = [];
  for (const file of walkFiles(ROOT, FILES, /\.(ts|md)$/)) {
    found.push(...findWords(file, Deno.readTextFileSync(new URL(file, ROOT))));
  }
  for (const line of found) console.log(line);
  if (found.length > 0) {
    console.error(`found ${found.length} words that make a sentence hard to read`);
    Deno.exit(1);
  }
}
