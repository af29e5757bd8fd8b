import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { installKernel, KernelError, uninstallKernel } from "../../lib/jupyter/install.ts";
import { inFolder } from "./in_folder.ts";

Deno.test("what can't be installed or removed is refused, and another's kernel stays", async () => {
  await inFolder(async (dataDir) => {
    const refuses = (act: typeof installKernel, name: string, why: string) =>
      assertRejects(async () => void await act({ dataDir, name }), KernelError, why);
    for (const name of ["", "..", "a/b", "a b", "../../x"]) {
      await refuses(
        installKernel,
        name,
        `expected a kernel's name of letters, digits, and . _ -, got ${JSON.stringify(name)}`,
      );
    }
    await refuses(
      uninstallKernel,
      "tunebook",
      "got no kernel, uninstalling tunebook; `jupyter kernelspec list` shows all",
    );
    const other = join(dataDir, "kernels/python3");
    await Deno.mkdir(other, { recursive: true });
    await Deno.writeTextFile(join(other, "kernel.json"), '{"argv": ["python3"]}');
    await refuses(installKernel, "python3", "got another kernel, installing python3; choose another --name");
    await refuses(
      uninstallKernel,
      "python3",
      "got another kernel, uninstalling python3; `jupyter kernelspec list` shows all",
    );
    assertEquals(await Deno.readTextFile(join(other, "kernel.json")), '{"argv": ["python3"]}');
  });
});
