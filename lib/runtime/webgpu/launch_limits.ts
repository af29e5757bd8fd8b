/** Checks launches against the limits of a WebGPU device, before a driver sees them. */
import type { Launch } from "../../codegen/executable.ts";
import { evaluate } from "../../ir/json.ts";
import type { Target } from "../../target/target.ts";
import type { Shapes } from "../arguments.ts";
import { LaunchLimitError } from "../error.ts";

/** Computes the workgroups of a launch and the values of its uniforms. A large x is folded into z. */
export function gridOf(
  launch: Launch,
  shapes: Shapes,
  target: Target,
): readonly [readonly [number, number, number], readonly number[]] {
  const [x, y, z] = launch.grid.map((g) => evaluate(g, shapes)) as [number, number, number];
  const values = launch.uniforms.map((name) => shapes[name] ?? 0);
  const most = target.limits.maxWorkgroups;
  const folds = launch.folded ? Math.ceil(x / most) : 1;
  const grid = launch.folded ? [Math.ceil(x / folds), y, folds] as const : [x, y, z] as const;
  if (grid.some((n) => n > most)) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with ${x} x ${y} x ${z} workgroups: the device takes ${most} in a dimension`,
    );
  }
  const iterations = launch.loops.reduce(
    (n, nest) => n + nest.reduce<number>((p, e) => p * evaluate(e, shapes), 1),
    0,
  );
  if (iterations > target.limits.maxLoopIterations) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with these shapes: a thread runs ${iterations} iterations of its loops, and the ` +
        `driver ends it silently after ${target.limits.maxLoopIterations}; give a thread less work`,
    );
  }
  return [grid, launch.folded ? [...values, x] : values];
}

/** Drivers accept too much workgroup memory and then hang: such a launch is refused here. */
export function checkLaunch(launch: Launch, { limits }: Target): void {
  const [x, y, z] = launch.workgroupSize;
  if (x * y * z > limits.maxInvocations) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with ${
        x * y * z
      } threads in a workgroup: the device takes ${limits.maxInvocations}`,
    );
  }
  if (launch.sharedBytes > limits.maxSharedBytes) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with ${launch.sharedBytes} bytes of workgroup memory: the device has ${limits.maxSharedBytes}`,
    );
  }
}
