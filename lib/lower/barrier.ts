/** Barriers as statements. */
import { isConst } from "../ir/build.ts";
import type { Buffer } from "../ir/expr.ts";
import type { Barrier, Stmt } from "../ir/stmt.ts";

/** Makes one barrier for each kind of memory that holds one of the buffers. */
export function barriers(buffers: ReadonlySet<Buffer>): readonly Barrier[] {
  const all = [...buffers];
  return [
    ...(all.some((b) => b.scope === "shared") ? [{ kind: "barrier", memory: "shared" } as const] : []),
    ...(all.some((b) => b.scope !== "shared") ? [{ kind: "barrier", memory: "global" } as const] : []),
  ];
}

/** Tells whether a thread that runs `s` passes a barrier. */
export function passesBarrier(s: Stmt): boolean {
  switch (s.kind) {
    case "barrier":
      return true;
    case "seq":
      return s.body.some(passesBarrier);
    case "for":
      return isConst(s.extent) && passesBarrier(s.body);
    case "let":
      return passesBarrier(s.body);
    case "if":
      return s.else !== undefined && passesBarrier(s.then) && passesBarrier(s.else);
    case "store":
    case "block":
      return false;
    default:
      return s satisfies never;
  }
}
