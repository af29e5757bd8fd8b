/** What a page of Markdown refers to. */

/** The relative links and pictures of a page; addresses of other sites are left out. */
export function linksIn(text: string): readonly string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

/**
 * The paths of this repository that a page names in code: `lib/…`, `tests/…` and the like. What is made by running, and
 * names that stand for a file of the reader's own (`your_…`), are left out.
 */
export function pathsIn(text: string): readonly string[] {
  const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, inside = ""]) => inside);
  return [
    ...new Set(
      code.flatMap((inside) =>
        inside.match(/(?<![\w./-])(?:lib|tests|docs|notebooks|\.ci|\.github)\/[\w./-]*/g) ?? []
      ),
    ),
  ].filter((path) => !path.includes("your_"));
}

/** The names of the tasks of Deno that a page tells its reader to run. */
export function tasksIn(text: string): readonly string[] {
  return [...text.matchAll(/deno(?:@[\d.]+)? task\s+([a-z:-]+)/g)].map(([, name = ""]) => name);
}

/** The headings of a page, as GitHub names them in links. */
export function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}
