/** The page of a worker, as text: its credentials and its script, under a policy that allows nothing else. */
import type { Credentials } from "../fleet/credentials.ts";
import { WORKER } from "./page_parts.ts";

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em}
button{font:inherit;padding:.4em 1em}
#${WORKER.chart}{display:flex;align-items:flex-end;gap:2px;height:64px;border-bottom:1px solid #8888;overflow:hidden}
#${WORKER.chart} span{width:6px;background:#0072b2;flex:none}`;

/**
 * Writes the page of one worker.
 *
 * @param script the address of the script on the page's server
 * @param credentials the worker's own, with the address of the server for pages
 */
export function workerHtml(
  script: string,
  credentials: Required<Pick<Credentials, "url" | "name" | "nkey">>,
): string {
  const { host, protocol } = new URL(credentials.url);
  const json = JSON.stringify(credentials).replaceAll("<", "\\u003c");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${credentials.name}: a Tunebook worker</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; connect-src ${protocol}//${host}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<link rel="icon" href="data:,"><style>${STYLE}</style></head><body><main>
<h1>This device measures</h1>
<p>While this page is open, searches of the fleet measure their schedules on <b id="${WORKER.device}">this device</b>. Leave
it in front: browsers pause pages that can't be seen.</p>
<p role="status" id="${WORKER.state}">It starts …</p>
<p id="${WORKER.jobs}"></p>
<div id="${WORKER.chart}" role="img" aria-label="The times of the latest schedules, by their logarithm"></div>
<p><button id="${WORKER.stop}" hidden>Stop</button></p></main>
<script type="application/json" id="${WORKER.credentials}">${json}</script>
<script type="module" src="${script}"></script></body></html>
`;
}
