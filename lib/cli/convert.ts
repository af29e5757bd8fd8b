/** Converts a language model to a folder as MLC has it. */
import { oneOf } from "../base/option_kinds.ts";
import { convertModel } from "../models/convert/convert_model.ts";
import { type Quantization, QUANTIZATION_NAMES } from "../models/parameters/quantization.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";

const COMMAND = {
  name: "deno task convert",
  summary:
    "Converts a language model (Hugging Face's folder, MLC's or a GGUF file) to a folder as MLC has it.",
  positionals: ["FOLDER", "OUT"],
  options: {
    quantization: {
      as: "text",
      kind: oneOf(...QUANTIZATION_NAMES),
      value: QUANTIZATION_NAMES.join("|"),
      help: "How weights are stored. Default: as the files store them, else q4f16_1.",
    },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** @throws {TunebookError} for wrong arguments, a model that can't be read, and a folder that can't be written */
export async function convert(args: readonly string[]): Promise<void> {
  const { positionals: [path = "", out = ""], values } = argumentsOf(COMMAND, args);
  let tenths = 0;
  const { quantization, files } = await convertModel(path, out, {
    // The parser has checked it.
    ...(values.quantization === undefined ? {} : { quantization: values.quantization as Quantization }),
    progress: ({ loaded, parameters, bytes }) => {
      if (loaded * 10 / parameters < tenths + 1) return;
      tenths = Math.floor(loaded * 10 / parameters);
      console.log(
        `${tenths * 10}%: ${loaded} of ${parameters} parameters, ${(bytes / 1e6).toFixed(1)} MB read`,
      );
    },
  });
  console.log(`${files.length} files in ${out}, as ${quantization}`);
}

if (import.meta.main) await runCommand(COMMAND, convert);
