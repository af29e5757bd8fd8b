import { checkArgument } from "../../base/check_options.ts";
import { positive } from "../../base/option_kinds.ts";
import { constExtent } from "../analysis.ts";
import { matchMatmul } from "./matmul/match.ts";
import { after } from "../normal_form.ts";
import { matmulTemplate } from "./matmul/template.ts";
import { presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";

/**
 * LowBatchGEMV: a matrix product whose rows are few, at most `bucket`, and not known before the launch. It is
 * Matmul's template with all rows in the registers of one thread, so that each weight is read once.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function lowBatchGemv(bucket: number): Rule {
  checkArgument("dlight.lowBatchGemv", "bucket", bucket, positive);
  return checkedRule({
    name: "LowBatchGEMV",
    find: matchMatmul,
    take(found, target) {
      const { i, j, k } = found;
      if (constExtent(i.extent) !== undefined) return { because: `axis ${i.var.name} is not symbolic` };
      if (constExtent(j.extent) === undefined || constExtent(k.extent) === undefined) {
        return { because: "more than its rows are symbolic" };
      }
      const preset = { ...presetsOf(target).lowBatch, i: [1, bucket] } as const;
      return {
        template: after(found.steps, matmulTemplate(found, target, preset)),
        because: `${i.var.name} is symbolic, and at most ${bucket} rows are taken at a time`,
      };
    },
  });
}
