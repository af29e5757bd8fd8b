/** Serves an example page that compiles and measures a program in the browser. */
import { BUNDLE } from "../browser/bundle.generated.ts";
import { unpack } from "../browser/packed_script.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { listening, portOption } from "./listening.ts";

const COMMAND = {
  name: "deno task browser",
  summary: "Serves an example page, for this machine alone: a matrix product on the browser's WebGPU.",
  options: {
    port: portOption("8080", "Default 8080; 0 takes a free one."),
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

const PAGE = new URL("../../docs/browser/", import.meta.url);
const TYPES = { html: "text/html", css: "text/css", js: "text/javascript" } as const;

/** The files of the page by their paths; `tunebook.js` is the bundle. */
const FILES = {
  "/": ["index.html", "html"],
  "/example.css": ["example.css", "css"],
  "/example.js": ["example.js", "js"],
  "/tunebook.js": [undefined, "js"],
} as const satisfies Readonly<Record<string, readonly [file: string | undefined, type: keyof typeof TYPES]>>;

/**
 * Serves until the process ends.
 *
 * @throws {TunebookError} for wrong arguments, and a port where something listens
 */
export async function serveExample(args: readonly string[]): Promise<void> {
  const { values: { port = 8080 } } = argumentsOf(COMMAND, args);
  const script = await unpack(BUNDLE.tunebook);
  const server = listening("127.0.0.1", port, () =>
    Deno.serve({
      hostname: "127.0.0.1",
      port,
      onListen: ({ port }) => console.log(`open http://127.0.0.1:${port}/ in a browser with WebGPU`),
    }, async (request) => {
      const { pathname } = new URL(request.url);
      const found = Object.entries(FILES).find(([path]) => path === pathname);
      if (!found) return new Response("there is nothing here", { status: 404 });
      const [, [file, type]] = found;
      const body = file === undefined ? script : await Deno.readTextFile(new URL(file, PAGE));
      return new Response(body, { headers: { "content-type": `${TYPES[type]}; charset=utf-8` } });
    }));
  await server.finished;
}

if (import.meta.main) await runCommand(COMMAND, serveExample);
