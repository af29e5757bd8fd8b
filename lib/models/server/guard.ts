/** What keeps a local server from web pages, and a server on a network from those without its key. */
import { HttpError } from "./http_error.ts";

/** The callers that a server answers. */
export interface Guard {
  /** The port that it listens on. */
  readonly port: number;
  /** Clients send it as `Authorization: Bearer KEY`. Without a key only names of this machine are answered. */
  readonly key?: string;
}

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Checks a request before its body is read. Without a key its Host must be a name of this machine: a page whose own name
 * leads here (DNS rebinding) has another one. A page of another origin is refused in any case.
 *
 * @throws {HttpError} 401 for a wrong key, 403 for another host or origin
 */
export async function checkCaller(request: Request, { port, key }: Guard): Promise<void> {
  const host = request.headers.get("host")?.toLowerCase() ?? "";
  if (
    key === undefined &&
    !LOOPBACK.some((name) => host === `${name}:${port}` || (port === 80 && host === name))
  ) {
    throw new HttpError(
      403,
      `expected a Host of this machine, such as localhost:${port}, got ${host || "none"}`,
    );
  }
  const origin = request.headers.get("origin");
  if (origin !== null && origin.toLowerCase() !== `http://${host}`) {
    throw new HttpError(403, `expected no request of a web page, got one of ${origin}`);
  }
  if (key === undefined) return;
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined || !await equalTexts(given, key)) {
    throw new HttpError(
      401,
      `expected the server's key as "Authorization: Bearer KEY", got ${
        given === undefined ? "none" : "another"
      }`,
      "invalid_api_key",
      { "www-authenticate": "Bearer" },
    );
  }
}

/** Compares digests, so that the time tells nothing of where two texts differ. */
async function equalTexts(a: string, b: string): Promise<boolean> {
  const digest = async (x: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(x)));
  const [x, y] = await Promise.all([digest(a), digest(b)]);
  return x.reduce((difference, byte, k) => difference | (byte ^ (y[k] as number)), 0) === 0;
}
