import { isPlainObject } from "../../base/check_options.ts";
import { messageOf } from "../../base/error.ts";
import { HttpError } from "./http_error.ts";

/**
 * Reads the body of a request as a JSON object, and no more than `limit` bytes of it.
 *
 * @throws {HttpError} 415 for another type, 413 for more bytes, 400 for what is no JSON object
 */
export async function readBody(request: Request, limit: number): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new HttpError(415, `expected a body of type application/json, got ${type ?? "none"}`);
  }
  const text = new TextDecoder().decode(await bytesOf(request, limit));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    throw new HttpError(400, `expected a body in JSON, got ${messageOf(e)}`);
  }
  if (!isPlainObject(value)) throw new HttpError(400, "expected a JSON object, got another value");
  return value as Record<string, unknown>;
}

async function bytesOf(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new HttpError(413, `expected a body of at most ${limit} bytes, got more`);
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > limit) throw tooLarge();
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}
