import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { inAnsi, INKS, type Language, linesInHtml } from "../../lib/notebook/highlight.ts";
import { textOfHtml } from "./text_of_html.ts";

const LANGUAGES: readonly Language[] = ["tvmscript", "wgsl", "js", "text"];

// deno-lint-ignore no-control-regex
const uncoloured = (text: string) => text.replace(/\x1b\[[\d;]*m/g, "");

/** The words of a line by their style. */
const styled = (line: string, language: Language) =>
  Object.fromEntries(
    [...(linesInHtml(line, language)[0] ?? "").matchAll(/<span style="([^"]*)">(.*?)<\/span>/g)].map((
      [, css, word],
    ) => [textOfHtml(word ?? ""), Object.entries(INKS).find(([, ink]) => ink.css === css)?.[0]]),
  );

Deno.test("nothing of a text is lost or markup, whatever it holds", () => {
  const unit = fc.constantFrom(..."ab1.<>&\"'\\/*#@ \n_-", "for", "f32", "//", "/*", "<script>", "T.x");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), fc.constantFrom(...LANGUAGES), (text, language) => {
      const lines = linesInHtml(text, language);
      assertEquals(lines.map(textOfHtml).join("\n"), text);
      for (const tag of lines.join("").match(/<[^>]*>/g) ?? []) {
        assert(/^<span style="[a-z-]+:[a-z\d#%(), ;:-]+">$|^<\/span>$|^<wbr>$/.test(tag), tag);
      }
      assertEquals(uncoloured(inAnsi(text, language)), text);
    }),
  );
});

Deno.test("words of a language have their ink", () => {
  assertEquals(styled('for i in T.thread_binding(8, thread="blockIdx.x"):  # eight', "tvmscript"), {
    "for": "keyword",
    "in": "keyword",
    "T.thread_binding": "type",
    "8": "number",
    '"blockIdx.x"': "string",
    "# eight": "comment",
  });
  assertEquals(styled("@group(0) var<storage, read_write> i_0: array<vec4<f32>>; // out", "wgsl"), {
    "@group": "attribute",
    "0": "number",
    "var": "keyword",
    "storage": "type",
    "read_write": "type",
    "array": "type",
    "vec4": "type",
    "f32": "type",
    "// out": "comment",
  });
  assertEquals(styled("const a = new Float32Array(0x1F) + 'it';", "js"), {
    "const": "keyword",
    "new": "keyword",
    "Float32Array": "type",
    "0x1F": "number",
    "'it'": "string",
  });
});

Deno.test("a comment of many lines is one on each of them", () => {
  const inks = linesInHtml("/* a\nb */ let", "wgsl").map((line) => line.split("</span>")[0]);
  assertEquals(inks, [`<span style="${INKS.comment.css}">/* a`, `<span style="${INKS.comment.css}">b */`]);
});

Deno.test("what never closes takes no longer than what does", () => {
  // The engine's regular expressions do the work, which no test can count. If each start of a comment were looked for
  // to the end of the text, this would take hours: the deadline only catches that.
  const begin = performance.now();
  for (const language of LANGUAGES) linesInHtml('/*"'.repeat(100_000), language);
  assert(performance.now() - begin < 60_000);
});

Deno.test("a function's parameters wrap as wholes, and are coloured as before", () => {
  const line = 'def f(A: T.Buffer((2, 3), "float32"), n: T.int32, C: T.Buffer((n,), "float32")):';
  const [html = ""] = linesInHtml(line, "tvmscript");
  const wholes = [...html.matchAll(/inline-block;text-indent:0">(.*?)<\/span>(?=<span style="display|$)/g)];
  assertEquals(wholes.map(([, part]) => textOfHtml(part ?? "")), [
    'A: T.Buffer((2, 3), "float32"), ',
    "n: T.int32, ",
    'C: T.Buffer((n,), "float32")):',
  ]);
  assertEquals(textOfHtml(html), line);
  assertEquals(styled(line, "tvmscript")['"float32"'], "string");
});

/** A colour as its red, green and blue, from 0 to 1. */
const rgb = (hex: string) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16) / 255);

function contrast(a: readonly number[], b: readonly number[]): number {
  const linear = (c: number) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = (color: readonly number[]) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, w, k) => sum + w * linear(color[k] ?? 0), 0);
  const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

Deno.test("every ink reads on white and on a dark page", () => {
  for (const { css } of Object.values(INKS)) {
    const [, hex = "", mixed = "", share] =
      /color:(#.{6});color:color-mix\(in srgb,(#.{6}) (\d+)%,/.exec(css) ?? [];
    assertEquals(hex, mixed);
    const own = rgb(hex), part = Number(share) / 100;
    for (
      const [page, text] of [["#ffffff", "#000000"], ["#111111", "#ffffff"], ["#1e1e1e", "#cccccc"]] as const
    ) {
      const around = rgb(text), seen = own.map((c, k) => part * c + (1 - part) * (around[k] ?? 0));
      assert(contrast(seen, rgb(page)) >= 4.5, `${css} on ${page}: ${contrast(seen, rgb(page))}`);
      // A viewer that does not know mixtures shows the hue alone.
      if (page !== "#1e1e1e") assert(contrast(own, rgb(page)) > 4, `${hex} on ${page}`);
    }
  }
});
