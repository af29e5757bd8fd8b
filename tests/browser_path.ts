/** The browser that tests drive: Chromium, Chrome or Edge, where such is found. */
import { delimiter, join } from "node:path";

const NAMES = [
  ...["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
  ...["microsoft-edge", "microsoft-edge-stable", "msedge"],
];

/** Where installers put it, outside of the PATH. */
function usualPlaces(): readonly string[] {
  switch (Deno.build.os) {
    case "darwin":
      return ["Google Chrome", "Chromium", "Microsoft Edge"].map((name) =>
        `/Applications/${name}.app/Contents/MacOS/${name}`
      );
    case "windows":
      return ["ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"].flatMap((variable) => {
        const folder = Deno.env.get(variable);
        return folder === undefined ? [] : [
          join(folder, "Google", "Chrome", "Application", "chrome.exe"),
          join(folder, "Chromium", "Application", "chrome.exe"),
          join(folder, "Microsoft", "Edge", "Application", "msedge.exe"),
        ];
      });
    default:
      return ["/snap/bin/chromium", "/opt/google/chrome/chrome"];
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound || e instanceof Deno.errors.PermissionDenied) return false;
    if (e instanceof Deno.errors.NotADirectory) return false;
    throw e;
  }
}

/**
 * Finds the browser's program: what TUNEBOOK_BROWSER names, else the first on the PATH, else where it usually is.
 * Undefined where there is none.
 */
export function findBrowser(): string | undefined {
  const own = Deno.env.get("TUNEBOOK_BROWSER");
  if (own) {
    if (isFile(own)) return own;
    throw new Error(`expected TUNEBOOK_BROWSER to be a browser's program, got ${own}, where no file is`);
  }
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name + suffix))), ...usualPlaces()]
    .find(isFile);
}
