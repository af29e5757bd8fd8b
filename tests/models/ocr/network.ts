/** The networks of PP-OCR on a device. */
import { build, type Device, type GraphProgram } from "tunebook";
import { onnx } from "tunebook/models";

/** A network and its programs, one for each size of picture. */
export class Network {
  readonly #programs = new Map<string, { readonly program: GraphProgram; readonly output: string }>();

  constructor(readonly device: Device, readonly file: string) {}

  /** Runs the network on the planes of a picture: [1, 3, height, width]. */
  async run(planes: Float32Array<ArrayBuffer>, height: number, width: number): Promise<Float32Array> {
    const key = `${height}x${width}`;
    const { program, output } = this.#programs.get(key) ?? await this.#build(key, height, width);
    const made = await program.run({ x: planes });
    return made[output] as Float32Array;
  }

  async #build(key: string, height: number, width: number) {
    const { graph, weights, outputs } = await onnx.load(this.file, { shapes: { x: [1, 3, height, width] } });
    const output = outputs[0]?.as ?? "";
    const built = { program: await build(graph, this.device, { weights }), output };
    this.#programs.set(key, built);
    return built;
  }

  /** Lets go of the programs. */
  [Symbol.dispose](): void {
    for (const { program } of this.#programs.values()) program[Symbol.dispose]();
    this.#programs.clear();
  }
}
