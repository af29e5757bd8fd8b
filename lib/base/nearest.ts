/**
 * Finds the name that a misspelt one was probably meant to be: the one with the fewest edits, or one that it begins.
 *
 * @param given the misspelt name
 * @param names the valid names
 * @returns undefined where no name is near: more than a third of the letters (at least two) would change
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const asked = given.slice(0, LONGEST).toLowerCase();
  const limit = Math.max(2, Math.floor(asked.length / 3));
  const ranked = names
    .map((name) => ({ name, edits: editDistance(asked, name.slice(0, LONGEST).toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = ranked[0];
  // Two edits make any short name of any other, so at least half of the letters must stay.
  if (best && best.edits <= limit && best.edits * 2 <= asked.length) return best.name;
  return asked.length < 2 ? undefined : names.find((name) => name.toLowerCase().startsWith(asked));
}

/** Letters that are compared: a name from a file may have a million. */
const LONGEST = 64;

/**
 * Counts the insertions, deletions, replacements and swaps of neighbours that change one text into another (optimal
 * string alignment).
 */
export function editDistance(from: string, to: string): number {
  let twoBack: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + same,
        swapped ? (twoBack[j - 2] as number) + 1 : Infinity,
      ));
    }
    [twoBack, last] = [last, row];
  }
  return last[to.length] as number;
}
