/** Makes a folder for results. */
import { messageOf } from "../base/error.ts";
import { RecordError } from "../records/error.ts";

/**
 * Makes the folder, and sees that files can be written there.
 *
 * @throws {RecordError} if the folder can't be written
 */
export async function openFolder(out: string): Promise<void> {
  try {
    await Deno.mkdir(out, { recursive: true });
    await Deno.writeTextFile(`${out}/.writable`, "");
    await Deno.remove(`${out}/.writable`);
  } catch (e) {
    throw new RecordError(
      `cannot write results to ${out}: ${messageOf(e)}; choose another folder with --out`,
    );
  }
}
