import { assertRejects, assertThrows } from "@std/assert";
import { schedule } from "../../lib/dlight/schedule.ts";
import {
  add,
  block,
  buffer,
  constant,
  forLoop,
  iterVar,
  load,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Buffer } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { checkInPlace } from "../../lib/ir/in_place.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { build } from "../../lib/tuning/build.ts";
import { devices } from "../devices.ts";

const A = buffer("A", [8]), B = buffer("B", [8]);
/** Writes to `to` what is in `from`, and 1. */
function plusOne(name: string, from: Buffer, to: Buffer): Stmt {
  const i = variable(`i_${name}`), v = variable(`v_${name}`);
  return forLoop(
    i,
    8,
    block(name, [iterVar(v, 8)], [i], store(to, [v], add(load(from, v), constant(1, "f32")))),
  );
}
const inPlace = new PrimFunc("bump", [A], [], [], plusOne("bump", A, A));

Deno.test("a parameter that is read and then written in place is refused", async () => {
  const says = "expected A of bump to be an input or a result, got one that is read before it is written";
  assertThrows(() => checkInPlace(inPlace), IrError, says);
  assertThrows(() => schedule(inPlace, targetOf("generic-webgpu")), IrError, says);
  for (const device of devices) await assertRejects(() => build(inPlace, device), IrError, says);
  const later = new PrimFunc("later", [A, B], [], [], seq(plusOne("one", B, A), plusOne("two", A, B)));
  assertThrows(() => checkInPlace(later), IrError, "expected B of later");
});

Deno.test("a result that is read after it is written is none in place", () => {
  checkInPlace(new PrimFunc("twice", [A, B], [], [], seq(plusOne("one", A, B), plusOne("two", B, B))));
  const i = variable("i"), k = variable("k"), vi = variable("vi"), vk = variable("vk");
  const sum = block(
    "sum",
    [iterVar(vi, 8), iterVar(vk, 8, "reduce")],
    [i, k],
    store(B, [vi], add(load(B, vi), load(A, vk))),
    { init: store(B, [vi], constant(0, "f32")) },
  );
  checkInPlace(new PrimFunc("sums", [A, B], [], [], forLoop(i, 8, forLoop(k, 8, sum))));
});
