/** Serves pages in which browsers work for a fleet. */
import { BUNDLE } from "../browser/bundle.generated.ts";
import { unpack } from "../browser/packed_script.ts";
import { workerHtml } from "../browser/worker_html.ts";
import type { Credentials } from "../fleet/credentials.ts";

/** What the pages take. */
export interface WorkerPages {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The certificate of the host and its key, in PEM. Default: no TLS, which only pages of this machine can do without. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The address at which the fleet's server takes WebSockets. */
  readonly server: string;
  /** The users that pages may be. */
  readonly users: readonly Credentials[];
}

const SCRIPT = "/worker.js";
const COOKIE = "tunebook-worker";

/** Serves them. A page that is loaded again by the same browser is the same worker. */
export async function serveWorkerPages(pages: WorkerPages): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const { host: hostname, port, tls, server, users } = pages;
  const script = await unpack(BUNDLE.worker);
  let given = 0;
  const answer = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    if (pathname === SCRIPT) return sent(script, "text/javascript");
    if (pathname !== "/") return new Response("there is nothing here", { status: 404 });
    const own = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(request.headers.get("cookie") ?? "")?.[1];
    const user = users.find((u) => u.name === own) ?? users[given++];
    const { name, nkey } = user ?? {};
    if (name === undefined || nkey === undefined) {
      return new Response(
        `all ${users.length} workers' credentials are taken: start the fleet with more --workers`,
        {
          status: 503,
        },
      );
    }
    const response = sent(workerHtml(SCRIPT, { url: server, name, nkey }), "text/html");
    response.headers.set("set-cookie", `${COOKIE}=${name}; Path=/; HttpOnly; SameSite=Strict`);
    return response;
  };
  return tls
    ? Deno.serve({ hostname, port, onListen: () => {}, ...tls }, answer)
    : Deno.serve({ hostname, port, onListen: () => {} }, answer);
}

function sent(body: string, type: string): Response {
  return new Response(body, {
    headers: {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}
