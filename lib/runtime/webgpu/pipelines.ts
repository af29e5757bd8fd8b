import type { Launch } from "../../codegen/executable.ts";
import { CompileError, RunError } from "../error.ts";
import type { Gpu } from "./gpu.ts";

type Source = Pick<Launch, "name" | "source" | "entryPoint">;

/** A pipeline that is made, or on its way. */
interface Known {
  readonly pipeline: Promise<GPUComputePipeline>;
  users: number;
}

/** Pipelines by their source, and how many programs use each: a search makes thousands, and leaves them. */
export class Pipelines {
  readonly #known = new Map<string, Known>();

  /** Starts without pipelines, on one device. */
  constructor(readonly gpu: Gpu) {}

  /**
   * The pipeline of a source; made once, and kept while a program uses it. Several may be on their way, so that drivers
   * compile them side by side.
   *
   * @throws {CompileError} for source that the driver refuses
   */
  async take(launch: Source): Promise<GPUComputePipeline> {
    const key = keyOf(launch), known = this.#known.get(key) ?? { pipeline: this.#make(launch), users: 0 };
    this.#known.set(key, known);
    known.users++;
    try {
      return await known.pipeline;
    } catch (e) {
      this.release(launch);
      throw e;
    }
  }

  /** Takes the pipelines of launches, in order. On an error it takes none. */
  async takeAll<L extends Source>(
    launches: readonly L[],
  ): Promise<readonly { readonly launch: L; readonly pipeline: GPUComputePipeline }[]> {
    const all = await Promise.allSettled(launches.map((l) => this.take(l)));
    const failed = all.find((a) => a.status === "rejected");
    if (!failed) {
      return all.flatMap((a, k) =>
        a.status === "fulfilled" ? [{ launch: launches[k] as L, pipeline: a.value }] : []
      );
    }
    all.forEach((a, k) => a.status === "fulfilled" && this.release(launches[k] as L));
    throw failed.reason;
  }

  release(launch: Source): void {
    const key = keyOf(launch), known = this.#known.get(key);
    if (known && --known.users === 0) this.#known.delete(key);
  }

  async #make(launch: Source): Promise<GPUComputePipeline> {
    const { device } = this.gpu;
    let module: GPUShaderModule | undefined;
    try {
      return await this.gpu.guarded(() => {
        module = device.createShaderModule({ code: launch.source });
        return device.createComputePipelineAsync({
          layout: "auto",
          compute: { module, entryPoint: launch.entryPoint ?? "main" },
        });
      });
    } catch (e) {
      if (e instanceof RunError || (e instanceof DOMException && e.name === "GPUPipelineError")) {
        throw new CompileError(await explain(launch, module, e.message));
      }
      throw e;
    }
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
