/** Serves pages in which browsers work for a fleet. */
import { BUNDLE } from "../browser/bundle.generated.ts";
import { unpack } from "../browser/packed_script.ts";
import { workerHtml } from "../browser/worker_html.ts";
import type { Credentials } from "../fleet/credentials.ts";
import { isLoopback, listening } from "./listening.ts";

/** What the pages take. */
export interface WorkerPages {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The certificate of the host and its key, in PEM. Default: no TLS, which only pages of this machine can do without. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The port at which the fleet's server takes WebSockets, at the same host. */
  readonly socketPort: number;
  /** The users that pages may be. */
  readonly users: readonly Credentials[];
  /** The path of the page. It may hold a secret part, without which a browser gets no credentials. Default "/". */
  readonly path?: string;
}

const SCRIPT = "/worker.js";
const COOKIE = "tunebook-worker";

/** Serves them. A page that is loaded again by the same browser is the same worker. */
export async function serveWorkerPages(pages: WorkerPages): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const { host, port, tls, socketPort, users, path = "/" } = pages;
  const script = await unpack(BUNDLE.worker);
  let given = 0;
  const answer = (request: Request): Response => {
    const { pathname, hostname } = new URL(request.url);
    // Another name for this machine would let a page from elsewhere read a worker's credentials.
    if (isLoopback(host) && !isLoopback(hostname)) {
      return new Response("another host is meant", { status: 403 });
    }
    if (pathname === SCRIPT) return sent(script, "text/javascript");
    if (pathname !== path) return new Response("there is nothing here", { status: 404 });
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
    const url = `${tls ? "wss" : "ws"}://${hostname}:${socketPort}`;
    const response = sent(workerHtml(SCRIPT, { url, name, nkey }), "text/html");
    response.headers.set("set-cookie", `${COOKIE}=${name}; Path=/; HttpOnly; SameSite=Strict`);
    return response;
  };
  const listen = { hostname: host, port, onListen: () => {} };
  return listening(
    host,
    port,
    () => tls ? Deno.serve({ ...listen, ...tls }, answer) : Deno.serve(listen, answer),
  );
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
