/** The log of the k-th program in a folder: the name adds only letters that can't lead out of the folder. */
export function logOf(folder: string, k: number, name: string): string {
  return `${folder}/${k}_${name.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60)}.arrows`;
}
