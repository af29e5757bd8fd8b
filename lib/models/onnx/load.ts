/** Reads ONNX models from files: the only place that touches the file system. */
import { checkArgument, checkOptions } from "../../base/check_options.ts";
import { messageOf } from "../../base/error.ts";
import { name } from "../../base/option_kinds.ts";
import { OnnxError } from "./error.ts";
import { externalNames, readModel } from "./read_messages.ts";
import { type OnnxModel, type OnnxShapeOptions, readParsed, SHAPE_OPTIONS } from "./read.ts";

/** The most bytes of a file: more than a model that a device can hold. */
const LARGEST = 2 ** 34;
/** The most files of external data. */
const MOST_FILES = 1024;

/**
 * Loads an ONNX model from a file, with its external data. That has to be regular files inside of the model's folder.
 *
 * @param path the file
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {OnnxError} for a file that can't be read or is no model, external data outside of its folder, operators that
 * graphs don't have, and values that don't fit
 */
export async function load(path: string, options: OnnxShapeOptions = {}): Promise<OnnxModel> {
  checkArgument("onnx.load", "path", path, name);
  checkOptions("onnx.load", options, SHAPE_OPTIONS);
  const bytes = await readRegular(path, "the model"), model = readModel(bytes);
  const names = [...externalNames(model)], files = new Map<string, Uint8Array<ArrayBuffer>>();
  if (names.length > MOST_FILES) {
    throw new OnnxError(
      `expected up to ${MOST_FILES} files of external data, got ${names.length}, in ${path}`,
    );
  }
  for (const file of names) {
    files.set(file, await readRegular(await insideOf(path, file), `external data ${file}`));
  }
  return readParsed(model, { ...options, external: (file) => files.get(file) as Uint8Array<ArrayBuffer> });
}

/** Gives the path of external data, if it lies in the model's folder once all links are followed. */
async function insideOf(model: string, file: string): Promise<string> {
  const refuse = (got: string): never => {
    throw new OnnxError(
      `expected external data inside of the model's folder, got ${got}: ${JSON.stringify(file)}`,
    );
  };
  if (file === "") refuse("no name");
  if (/^([/\\]|[A-Za-z]:)/.test(file) || file.includes("\0")) refuse("an absolute path");
  if (file.split(/[/\\]/).includes("..")) refuse("a path with ..");
  try {
    const real = await Deno.realPath(model), folder = real.replace(/[/\\][^/\\]*$/, "");
    const target = await Deno.realPath(`${folder}/${file}`);
    return target.startsWith(`${folder}/`) || target.startsWith(`${folder}\\`)
      ? target
      : refuse("a link out of it");
  } catch (e) {
    if (e instanceof OnnxError) throw e;
    throw new OnnxError(`expected external data that can be read, got an error (${messageOf(e)}): ${file}`);
  }
}

/** Reads a regular file, as long as it is when it is opened. */
async function readRegular(path: string, what: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Opening a pipe waits for a writer, so its kind is looked at first.
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) {
      throw new OnnxError(`expected a regular file, got another kind, reading ${what} from ${path}`);
    }
    if (size > LARGEST) {
      throw new OnnxError(`expected up to ${LARGEST} bytes, got ${size}, reading ${what} from ${path}`);
    }
    return await Deno.readFile(path);
  } catch (e) {
    if (e instanceof OnnxError) throw e;
    throw new OnnxError(
      `expected a file that can be read, got an error (${messageOf(e)}), reading ${what} from ${path}`,
    );
  }
}
