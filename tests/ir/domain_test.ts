import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { specialize } from "../../lib/arith/specialize.ts";
import { OptionError } from "../../lib/base/error.ts";
import * as te from "../../lib/face/te.ts";
import { intervalOf } from "../../lib/ir/domain.ts";
import { IrError } from "../../lib/ir/error.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";

const embedding = te.embedding({ rows: 100, vocabulary: "v", columns: 4 });

Deno.test("embedding declares that its ids are below the vocabulary, and draws them so", () => {
  assertEquals(embedding.domains, { ids: { below: "v" } });
  for (const wide of [false, true]) {
    const ids = Array.from(randomInputs(embedding, 0, { v: 200 }, { wide }).ids ?? []);
    assert(ids.every((x) => x >= 0 && x < 200));
    assert(new Set(ids).size > 50, `${new Set(ids).size}`);
    assert(!wide || (ids.includes(0) && ids.includes(199)));
  }
  const { ids = [] } = randomInputs(embedding, 0, { v: 200 }, { ranges: { ids: { from: 3, below: 5 } } });
  assertEquals(new Set(ids), new Set([3, 4]));
});

Deno.test("domains are kept in a program's JSON, in parts and in specializations, and not in its fingerprint", () => {
  const json = JSON.parse(JSON.stringify(funcToJson(embedding)));
  assertEquals(funcFromJson(json).domains, embedding.domains);
  assertEquals(funcToJson(funcFromJson(json)), json);
  const { domains: _, ...old } = json;
  assertEquals(funcFromJson(old).domains, {});
  assertEquals(fingerprint(funcFromJson(old)), fingerprint(embedding));
  assertEquals(embedding.with({ name: "other" }).domains, embedding.domains);
  assertEquals(specialize(embedding, { v: 30 }).domains, { ids: { below: 30 } });
  const plain = te.relu({ shape: [4] });
  assert(!("domains" in funcToJson(plain)));
});

Deno.test("a domain that is malformed is refused", () => {
  const json = JSON.parse(JSON.stringify(funcToJson(embedding)));
  for (
    const domains of [
      [],
      { ids: 3 },
      { ids: {} },
      { ids: { below: "w" } },
      { no: { below: 3 } },
      {
        ids: { from: "0", below: 3 },
      },
      { ids: { below: ["pow", 2, 3] } },
      { ids: { below: null } },
    ]
  ) {
    assertThrows(() => funcFromJson({ ...json, domains }), IrError);
  }
});

Deno.test("an interval has a value of its dtype", () => {
  assertEquals(intervalOf("A", "i32", { below: 3 }, {}), { from: 0, below: 3 });
  assertEquals(intervalOf("A", "f32", { from: -0.5, below: 0.5 }, {}), { from: -0.5, below: 0.5 });
  // All values of a dtype, and one more.
  for (
    const [dtype, from, below] of [["u32", 0, 2 ** 32], ["i32", -(2 ** 31), 2 ** 31], ["bool", 0, 2]] as const
  ) {
    assertEquals(intervalOf("A", dtype, { from, below }, {}), { from, below });
    assertThrows(() => intervalOf("A", dtype, { from, below: below + 1 }, {}), IrError);
    assertThrows(() => intervalOf("A", dtype, { from: from - 1, below }, {}), IrError);
  }
  for (
    const [dtype, domain] of [
      ["i32", { below: 0 }],
      ["i32", { below: 2.5 }],
      ["u32", { from: -1, below: 4 }],
      ["i32", { below: 2 ** 40 }],
      ["f16", { from: 3, below: 3 }],
    ] as const
  ) {
    assertThrows(() => intervalOf("A", dtype, domain, {}), IrError, "expected a range of");
  }
});

Deno.test("a placeholder's domain reaches the program", () => {
  const make = (below: number | string) => {
    const W = te.placeholder("W", ["rows", 4]), ids = te.placeholder("ids", [8], "i32", { below });
    return te.primFunc("gather", [W, ids, te.compute("Y", [8, 4], (i, j) => W.at(ids.at(i), j))]);
  };
  assertEquals(make("rows").domains, { ids: { below: "rows" } });
  assertEquals(make(7).domains, { ids: { below: 7 } });
  assertNotEquals(make(7).domains, make(8).domains);
  assertThrows(
    () => te.placeholder("ids", [8], "i32", { from: 1 } as unknown as { below: number }),
    OptionError,
  );
});
