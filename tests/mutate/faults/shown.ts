/** Faults in what users see, call and share. */
import { type Fault, fault } from "./fault.ts";

export const SHOWN: readonly Fault[] = [
  // charts
  fault("charts/verdict.ts", "a.highMs < b.lowMs", "a.lowMs < b.highMs", "charts/verdict_test.ts"),
  fault(
    "charts/place_labels.ts",
    "!boxes.some(",
    "boxes.length < 0 || !boxes.slice(1).some(",
    "charts/place_labels_test.ts",
  ),
  fault(
    "charts/pareto.ts",
    "s.quality >= r.quality &&",
    "s.quality <= r.quality &&",
    "charts/pareto_test.ts",
  ),
  // notebook
  fault(
    "notebook/diff.ts",
    "return unchanged.length > FEW",
    "return unchanged.length < FEW",
    "notebook/diff_test.ts",
  ),
  fault(
    "notebook/live.ts",
    "Math.max(0, Math.min(bySeconds, byTrials))",
    "Math.max(0, Math.max(bySeconds, byTrials))",
    "notebook/live_test.ts",
  ),
  fault(
    "notebook/live.ts",
    "((p.trialsTotal ?? Infinity) - p.trials) * p.secondsSpent",
    "(p.trialsTotal ?? Infinity) * p.secondsSpent",
    "notebook/live_test.ts",
  ),
  // jupyter
  fault(
    "jupyter/frames.ts",
    "if (body.length < 256) return",
    "if (body.length <= 256) return",
    "jupyter/frames_test.ts",
  ),
  fault("jupyter/frames.ts", "sum * 256 + byte", "sum * 255 + byte", "jupyter/frames_test.ts"),
  fault("jupyter/install.ts", "/^\\.+$/.test(name)", "/^\\.$/.test(name)", "jupyter/install_test.ts"),
  fault(
    "jupyter/install.ts",
    "if (spec === undefined || !isOurs(spec))",
    "if (spec === undefined)",
    "jupyter/install_test.ts",
  ),
  // share
  fault(
    "share/page.ts",
    '.replaceAll("<", "\\\\u003c")',
    '.replaceAll(">", "\\\\u003e")',
    "share/page_test.ts",
  ),
  fault(
    "share/manifest_of.ts",
    'own.filter((r) => r.status !== "ok").length',
    'own.filter((r) => r.status === "ok").length',
    "share/manifest_of_test.ts",
  ),
  fault(
    "share/manifest_of.ts",
    "targets.find((t) => t.peaks) ?? first",
    "first",
    "share/manifest_of_test.ts",
  ),
  fault(
    "share/manifest_of.ts",
    "Math.max(0, ...own.map((r) => r.secondsSinceStart))",
    "Math.min(...own.map((r) => r.secondsSinceStart))",
    "share/manifest_of_test.ts",
  ),
  fault("share/shared.ts", "checkTrials(path, manifest, records);", "", "share/shared_test.ts"),
  fault(
    "share/shared.ts",
    "r.task === s.task.task && r.fingerprint === s.task.fingerprint",
    "r.task === s.task.task",
    "share/manifest_of_test.ts",
  ),
  // browser
  fault("browser/compare.ts", "failed: ok ? 0 : 1", "failed: ok ? 1 : 0", "browser/compare_test.ts"),
  fault(
    "browser/compare.ts",
    "measuring.race(made, rounds",
    "measuring.race(made, rounds + 1",
    "browser/compare_test.ts",
  ),
  // cli
  fault(
    "cli/arguments.ts",
    "if (positionals.length > most)",
    "if (positionals.length > most + 1)",
    "cli/arguments_test.ts",
  ),
  fault("cli/arguments.ts", "?? [], value]", "?? []]", "cli/arguments_test.ts"),
  fault("cli/arguments.ts", "Number(given) : given", "parseInt(given) : given", "cli/arguments_test.ts"),
  // face
  fault(
    "face/programs.ts",
    "max, min, prod, reduceAxis, sum } from",
    "max as sum, min, prod, reduceAxis, sum as max } from",
    "te/own_test.ts",
  ),
  fault(
    "face/programs.ts",
    'export { siluProgram as silu } from "../op/silu.ts"',
    'export { reluProgram as silu } from "../op/relu.ts"',
    "op/elementwise_test.ts",
  ),
  fault(
    "face/op.ts",
    'export { mul } from "../op/mul.ts"',
    'export { add as mul } from "../op/add.ts"',
    "op/compose_test.ts",
  ),
];
