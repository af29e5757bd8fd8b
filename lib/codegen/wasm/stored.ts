/** Bytes and halves of f32 in memory. */
import type { StoredType } from "../../ir/dtype.ts";
import type { Body } from "./body.ts";

/** Pops an address, and pushes the element there. */
export function loadStored(body: Body, stored: StoredType, offset: number): void {
  if (stored === "bf16") {
    body.op("i32.load16_u", 1, offset).i32(16).op("i32.shl").op("f32.reinterpret_i32");
  } else body.op(stored === "i8" ? "i32.load8_s" : "i32.load8_u", 0, offset);
}

/** Pops an element and an address, and stores the element there. A float is rounded, of two equally near to the even one. */
export function storeStored(body: Body, stored: StoredType, offset: number): void {
  if (stored !== "bf16") return void body.op("i32.store8", 0, offset);
  body.op("i32.reinterpret_f32");
  body.temp("i32", (bits) => {
    body.set(bits).i32(0x7fc0);
    body.get(bits).i32(0x7fff).op("i32.add");
    body.get(bits).i32(16).op("i32.shr_u").i32(1).op("i32.and").op("i32.add").i32(16).op("i32.shr_u");
    // NaN stays one: its bits are beyond those of infinity.
    body.get(bits).i32(0x7fffffff).op("i32.and").i32(0x7f800000).op("i32.gt_u").op("select");
  });
  body.op("i32.store16", 1, offset);
}
