/** Gives the files at and below some paths whose names match, relative to `root`, in order. */
export function* walkFiles(root: URL, paths: readonly string[], name: RegExp): Generator<string, void> {
  for (const path of paths) {
    if (Deno.statSync(new URL(path, root)).isFile) {
      yield path;
      continue;
    }
    const entries = [...Deno.readDirSync(new URL(path, root))].sort((a, b) => a.name < b.name ? -1 : 1);
    for (const { name: entry, isDirectory } of entries) {
      if (isDirectory) yield* walkFiles(root, [`${path}/${entry}`], name);
      else if (name.test(entry)) yield `${path}/${entry}`;
    }
  }
}
