/** Gives the path of the k-th program's log. Only letters of the name that can't leave the folder are used. */
export function logOf(folder: string, k: number, name: string): string {
  return `${folder}/${k}_${name.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60)}.arrows`;
}
