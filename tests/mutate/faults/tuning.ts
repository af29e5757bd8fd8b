/** Faults in searching, measuring, and recording. */
import { type Fault, fault } from "./fault.ts";

export const TUNING: readonly Fault[] = [
  // autotvm
  fault(
    "autotvm/budget.ts",
    "Math.min(batch, (budget.trials ?? Infinity) - progress.trials)",
    "Math.min(batch, (budget.trials ?? Infinity))",
    "autotvm/budget_test.ts",
  ),
  fault("autotvm/ga.ts", "(left -= p.score) < 0", "(left -= p.score) > 0", "autotvm/ga_test.ts"),
  fault(
    "autotvm/ranking.ts",
    "(1 + truth * Math.sign(",
    "(1 - truth * Math.sign(",
    "autotvm/ranking_test.ts",
  ),
  fault(
    "autotvm/gaussian_process.ts",
    "(1 + r + r * r / 3)",
    "(1 + r + r * r)",
    "autotvm/gaussian_process_test.ts",
  ),
  fault(
    "autotvm/droplet.ts",
    "f * (f / (from[i] ?? 1)) ** times",
    "f * (f / (from[i] ?? 1))",
    "autotvm/droplet_test.ts",
  ),
  fault(
    "autotvm/task_scheduler.ts",
    "Math.max(0, best - leastMs)",
    "Math.max(0, best)",
    "autotvm/task_scheduler_test.ts",
  ),
  fault("autotvm/budget.ts", "until > 0 && until <= 1", "until > 0 && until < 1", "autotvm/budget_test.ts"),
  fault("autotvm/ga.ts", "rank < elite || latest", "rank < elite && latest", "autotvm/ga_test.ts"),
  fault(
    "autotvm/anneal.ts",
    "Math.exp(gain / (temperature",
    "Math.exp(-gain / (temperature",
    "autotvm/anneal_test.ts",
  ),
  fault(
    "autotvm/gbdt.ts",
    "leftH < o.minWeight || rightH < o.minWeight",
    "leftH < o.minWeight",
    "autotvm/gbdt_test.ts",
  ),
  fault(
    "autotvm/gbdt.ts",
    "-o.rate * g[n]! / (h[n]! + o.lambda)",
    "-o.rate * g[n]! / (h[n]! + 2 * o.lambda)",
    "autotvm/gbdt_test.ts",
  ),
  // measure
  fault(
    "measure/stopping_rule.ts",
    "n >= PROMISES && high < 1",
    "n >= PROMISES && high < 2",
    "measure/stopping_rule_test.ts",
  ),
  fault(
    "measure/limits.ts",
    "usual > 0 ? LONG * usual : 0",
    "usual > 0 ? usual : 0",
    "measure/limits_test.ts",
  ),
  fault("measure/check.ts", "bad = !(share <= MARGIN)", "bad = share > MARGIN", "measure/check_test.ts"),
  fault("measure/check.ts", "bad = !(error <= limit)", "bad = error > limit", "measure/check_test.ts"),
  fault(
    "measure/random_inputs.ts",
    "seed * 7919 + k + 1",
    "seed * 7919 + 1",
    "measure/random_inputs_test.ts",
  ),
  fault(
    "measure/random_inputs.ts",
    "size * 2 ** -12 : below - 1",
    "size * 2 ** -12 : below",
    "ir/domain_test.ts",
  ),
  fault("measure/stopping_rule.ts", "> cutOf(most)", ">= cutOf(most)", "measure/stopping_rule_test.ts"),
  fault(
    "measure/limits.ts",
    "Math.max(COMPILE_MS, usual",
    "Math.min(COMPILE_MS, usual",
    "measure/limits_test.ts",
  ),
  // fleet
  fault(
    "fleet/fleet_measuring.ts",
    'if (!waiting) return this.fleet.count("ignored");',
    "if (!waiting) return;",
    "fleet/attacks_test.ts",
  ),
  fault(
    "fleet/messages.ts",
    "x === VERSION ? VERSION : undefined",
    "typeof x === 'number' ? VERSION : undefined",
    "fleet/attacks_test.ts",
  ),
  fault(
    "fleet/messages.ts",
    '"source" in own) throw',
    "false) throw",
    "fleet/attacks_test.ts",
  ),
  fault(
    "fleet/work.ts",
    "taken.delivery > ATTEMPTS",
    "taken.delivery > 9 * ATTEMPTS",
    "fleet/failures_test.ts",
  ),
  // records
  fault(
    "records/workload_similarity.ts",
    "return Math.max(most, block.reduce",
    "return Math.min(most, block.reduce",
    "records/database_test.ts",
  ),
  fault(
    "records/arrow_stream.ts",
    "if (end > bytes.length) break",
    "if (end > bytes.length + 8) break",
    "records/log_test.ts",
  ),
  fault("records/database.ts", "at < keep || k === own", "at < keep", "records/database_test.ts"),
  fault(
    "records/database.ts",
    "[fingerprint, Object.entries(shapes).sort(), kind, name, clock]",
    "[fingerprint, kind, name, clock]",
    "records/database_test.ts",
  ),
  fault(
    "records/database.ts",
    'near.how !== "exact" || k.record',
    'near.how === "exact" || k.record',
    "records/database_test.ts",
  ),
  fault("records/best.ts", "p.medianMs <= r.medianMs", "p.medianMs < r.medianMs", "records/best_test.ts"),
  fault("records/nearness.ts", "shape + device > FARTHEST", "shape > FARTHEST", "records/database_test.ts"),
  fault(
    "records/record_reader.ts",
    'clock !== target.clock && clock !== "wall"',
    'clock !== target.clock && clock === "wall"',
    "records/database_test.ts",
  ),
  // tuning
  fault(
    "tuning/confirm.ts",
    "(t, k) => k < FINALISTS || t === own",
    "(_, k) => k < FINALISTS",
    "tuning/confirm_test.ts",
  ),
  fault("tuning/dispatch.ts", "rows <= b.upTo", "rows < b.upTo", "tuning/dispatch_test.ts"),
  fault(
    "tuning/transfer.ts",
    "if (unlike < least)",
    "if (unlike > least || least === Infinity)",
    "tuning/build_test.ts",
  ),
  fault(
    "tuning/confirm.ts",
    "!(speedup(best, own).low > 1)",
    "!(speedup(best, own).ratio > 1)",
    "tuning/confirm_test.ts",
  ),
  fault("tuning/speedup.ts", "low > 1 || high < 1", "low > 1 && high < 1", "tuning/confirm_test.ts"),
  fault("tuning/trials.ts", "r.gflops > 0 ? r.gflops : r.gbps", "r.gbps", "tuning/trials_test.ts"),
  fault(
    "tuning/search_state.ts",
    "!(r.medianMs < best)",
    "!(r.medianMs <= best)",
    "tuning/search_state_test.ts",
  ),
  fault(
    "tuning/simulate.ts",
    'status === "ok" ? 1 / ms : undefined',
    'status === "ok" ? ms : undefined',
    "bench/tuners_test.ts",
  ),
];
