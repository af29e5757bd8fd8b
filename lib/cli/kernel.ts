/** Makes Tunebook a kernel of the user's Jupyter, or removes it. */
import { flag, name } from "../base/option_kinds.ts";
import { displayName, installKernel, KERNEL_NAME, uninstallKernel } from "../jupyter/install.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";

const COMMAND = {
  name: "deno task kernel",
  summary: "Makes Tunebook a kernel of your Jupyter: notebooks in any folder then import tunebook.",
  options: {
    name: {
      as: "text",
      kind: name,
      value: KERNEL_NAME,
      help: `The name by which Jupyter and notebooks know the kernel. Default ${KERNEL_NAME}.`,
    },
    "data-dir": {
      as: "text",
      kind: name,
      value: "FOLDER",
      help: "Jupyter's data folder. Default: the one that `jupyter --data-dir` prints.",
    },
    uninstall: { as: "flag", kind: flag, help: "Removes the kernel." },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** @throws {KernelError} if the kernel can't be installed or removed */
async function kernel(args: readonly string[]): Promise<void> {
  const { name = KERNEL_NAME, "data-dir": dataDir, uninstall = false } = argumentsOf(COMMAND, args).values;
  const options = { name, ...(dataDir === undefined ? {} : { dataDir }) };
  if (uninstall) return console.log(`Removed ${await uninstallKernel(options)}`);
  const folder = await installKernel(options), shown = displayName(name);
  console.log(`Installed "${shown}" in ${folder}\nNow: jupyter notebook, then New > ${shown}`);
}

if (import.meta.main) await runCommand(COMMAND, kernel);
