/** Lists the combinations of annotations of some loops. */
import { SpaceError } from "./error.ts";
import type { AnnotateOptions, Annotation } from "./knobs.ts";

/** The maximum number of candidates of one knob. */
const MOST = 4096;

/**
 * Lists every combination of one annotation per loop. As in AutoTVM, only the last loop can be vectorized.
 *
 * @throws {SpaceError} where the preset is none of them, or there are more than 4096
 */
export function annotations(
  name: string,
  { among, preset }: AnnotateOptions,
): readonly (readonly Annotation[])[] {
  const refuse = (why: string) => new SpaceError(`cannot declare annotation ${name}: ${why}`);
  if (new Set(among).size !== among.length || among.length === 0) {
    throw refuse(`its choices are ${among.join(", ") || "none"}; name at least one, and each once`);
  }
  const inner = among.filter((a) => a !== "vectorize");
  const choices = preset.map((_, i) => i === preset.length - 1 ? among : inner);
  const count = choices.reduce((n, c) => n * c.length, 1);
  if (count > MOST) {
    throw refuse(`${count} combinations; more than ${MOST} are too many: annotate fewer loops`);
  }
  const wrong = preset.findIndex((a, i) => !choices[i]?.includes(a));
  if (wrong >= 0) {
    throw refuse(
      `its preset has ${preset[wrong]} for loop ${wrong} of ${preset.length}; it may have ` +
        (choices[wrong]?.join(", ") || "nothing"),
    );
  }
  return choices.reduce<readonly (readonly Annotation[])[]>(
    (all, options) => all.flatMap((head) => options.map((a) => [...head, a])),
    [[]],
  );
}
