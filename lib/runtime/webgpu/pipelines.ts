import type { Launch } from "../../codegen/executable.ts";
import { CompileError, RunError } from "../error.ts";
import type { Gpu } from "./gpu.ts";

type Source = Pick<Launch, "name" | "source" | "entryPoint">;

/** Pipelines by their source, and how many programs use each: a search makes thousands, and leaves them. */
export class Pipelines {
  readonly #known = new Map<string, { readonly pipeline: GPUComputePipeline; users: number }>();

  /** Starts without pipelines, on one device. */
  constructor(readonly gpu: Gpu) {}

  /**
   * The pipeline of a source; made once, and kept while a program uses it.
   *
   * @throws {CompileError} for source that the driver refuses
   */
  async take(launch: Source): Promise<GPUComputePipeline> {
    const key = keyOf(launch);
    const known = this.#known.get(key);
    if (known) {
      known.users++;
      return known.pipeline;
    }
    const { device } = this.gpu;
    let module: GPUShaderModule | undefined;
    try {
      const pipeline = await this.gpu.guarded(() => {
        module = device.createShaderModule({ code: launch.source });
        return device.createComputePipeline({
          layout: "auto",
          compute: { module, entryPoint: launch.entryPoint ?? "main" },
        });
      });
      this.#known.set(key, { pipeline, users: 1 });
      return pipeline;
    } catch (e) {
      if (e instanceof RunError) throw new CompileError(await explain(launch, module, e.message));
      throw e;
    }
  }

  release(launch: Source): void {
    const key = keyOf(launch), known = this.#known.get(key);
    if (known && --known.users === 0) this.#known.delete(key);
  }
}

function keyOf({ source, entryPoint }: Source): string {
  return entryPoint === undefined ? source : `${entryPoint}\n${source}`;
}

/** The compiler's message with the line that it is about. */
async function explain(
  launch: Source,
  module: GPUShaderModule | undefined,
  message: string,
): Promise<string> {
  const info = await module?.getCompilationInfo();
  const first = info?.messages.find((m) => m.type === "error");
  if (!first) return `cannot compile ${launch.name}: ${message}`;
  const line = launch.source.split("\n")[first.lineNum - 1] ?? "";
  return `cannot compile ${launch.name}: ${first.lineNum}:${first.linePos}: ${first.message}\n  | ${line}`;
}
