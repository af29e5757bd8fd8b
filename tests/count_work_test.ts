import { assertEquals } from "@std/assert";
import { gcd } from "../lib/arith/gcd.ts";
import { countWork } from "./count_work.ts";

Deno.test("work is counted exactly, and only the product's", async () => {
  const work = async (times: number) => {
    const { all, arith = 0 } = await countWork(() => {
      for (let k = 0; k < times; k++) gcd(1071, 462);
    });
    assertEquals(all, arith);
    return all;
  };
  const none = await work(0), one = await work(1);
  assertEquals([none, await work(10)], [0, 10 * one]);
  assertEquals(await work(1), one);
});
