/** A device that is lost while a model runs on it: errors say so, nothing hangs, and another device takes over. */
import { assertEquals, assertRejects } from "@std/assert";
import { LanguageModel } from "../../../lib/models/language/language_model.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { DeviceLostError } from "../../../lib/runtime/error.ts";
import { dataTest } from "../../data.ts";
import { devices } from "../../devices.ts";

interface Case {
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
}
const TOKENS = 20;

/** Opens a device, and gives what makes it go away: of an adapter as a driver that fails does. */
async function opened(
  kind: "cpu" | "webgpu",
): Promise<{ readonly device: Device; readonly lose: () => void }> {
  if (kind === "cpu") {
    const device = await Device.open({ backend: kind });
    return { device, lose: () => device[Symbol.dispose]() };
  }
  const { requestDevice } = GPUAdapter.prototype;
  let raw: GPUDevice | undefined;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    return raw = await requestDevice.apply(this, args);
  };
  try {
    return { device: await Device.open({ backend: kind }), lose: () => raw?.destroy() };
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
}

for (const { target: { kind, name } } of devices) {
  dataTest(`a lost device ends texts with its error, and a new one tells them, on ${name}`, async (find) => {
    const folder = find("stories260k", "config.json").replace(/config\.json$/, "");
    const golden = JSON.parse(await Deno.readTextFile(find("stories260k", "golden.json")));
    const { promptIds, greedyIds } = golden.cases[0] as Case;
    const load = (device: Device, progress = () => {}) =>
      LanguageModel.load(folder, device, { quantization: "q0f32", context: 64, progress });
    const tell = async (model: LanguageModel, seen = () => {}) => {
      let text = model.tokenizer.decode(promptIds);
      for await (const part of model.generate(promptIds, { temperature: 0, maxTokens: TOKENS })) {
        text += part;
        seen();
      }
      return text;
    };
    const lost = (f: () => Promise<unknown>) => assertRejects(f, DeviceLostError, "open a new one");
    const first = await opened(kind), second = await opened(kind);
    const model = await load(first.device);
    await lost(() => Promise.all([tell(model, first.lose), tell(model)]));
    await lost(() => tell(model));
    await lost(() => load(first.device));
    model[Symbol.dispose]();
    await lost(() => load(second.device, second.lose));
    for (const { device } of [first, second]) {
      device[Symbol.dispose]();
      assertEquals(device.memory.total, 0);
    }
    using device = await Device.open({ backend: kind });
    using again = await load(device);
    assertEquals(
      await tell(again),
      again.tokenizer.decode([...promptIds, ...greedyIds.slice(0, TOKENS)]),
    );
  });
}
