/** The bytes that tokens stand for, whatever way a tokenizer writes them. */
import { fieldsOf } from "../../base/read_json.ts";
import { ModelError } from "../error.ts";

/** How the tokens of a tokenizer become text. */
export interface TokenBytes {
  /** Gives the bytes of a token by its spelling in the vocabulary. */
  readonly of: (token: string) => Uint8Array;
  /** A space at the beginning of a text is left out. */
  readonly dropsFirstSpace: boolean;
}

/**
 * Finds how tokens become bytes from the decoder of tokenizer.json: byte-level BPE (GPT-2, Llama 3, Qwen) writes each byte
 * as a character; SentencePiece (Llama 2, Mistral, Gemma, Phi-3) writes spaces as ▁ and other bytes as `<0x0A>`.
 *
 * @throws {ModelError} for another decoder
 */
export function tokenBytesOf(decoder: unknown, where: string): TokenBytes {
  const steps = stepsOf(decoder), types = steps.map((s) => s.type);
  if (types.includes("ByteLevel")) return { of: bytesOfCharacters, dropsFirstSpace: false };
  const spaces = steps.some((s) =>
    s.type === "Metaspace" ||
    (s.type === "Replace" && fieldsOf(s.pattern)?.String === "▁" && s.content === " ")
  );
  if (!spaces) {
    throw new ModelError(
      `expected a decoder of byte-level BPE or of SentencePiece, got ${
        types.join(", ") || "none"
      }, in ${where}`,
    );
  }
  const strips = steps.some((s) =>
    (s.type === "Strip" && s.content === " " && s.start === 1) ||
    (s.type === "Metaspace" && s.prepend_scheme !== "never" && s.add_prefix_space !== false)
  );
  return { of: bytesOfPiece, dropsFirstSpace: strips };
}

function stepsOf(decoder: unknown): readonly Readonly<Record<string, unknown>>[] {
  const step = fieldsOf(decoder);
  if (!step) return [];
  return step.type === "Sequence" && Array.isArray(step.decoders) ? step.decoders.flatMap(stepsOf) : [step];
}

const encoder = new TextEncoder();

function bytesOfPiece(token: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return byte === undefined ? encoder.encode(token.replaceAll("▁", " ")) : Uint8Array.of(parseInt(byte, 16));
}

/** The characters of byte-level BPE: printable ones stand for themselves, the others for 256, 257, … in order. */
const BYTES = new Map<number, number>();
for (let byte = 0, next = 256; byte < 256; byte++) {
  const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  BYTES.set(printable ? byte : next++, byte);
}

function bytesOfCharacters(token: string): Uint8Array {
  const bytes = Array.from(token, (c) => BYTES.get(c.codePointAt(0) as number));
  // Added tokens are text as it is.
  return bytes.includes(undefined) ? encoder.encode(token) : Uint8Array.from(bytes as number[]);
}
