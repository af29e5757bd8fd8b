/** Connection files: what is refused, and the ports of a kernel behind a relay. */
import { assertEquals, assertRejects } from "@std/assert";
import { CHANNELS, type Connection, innerConnection, readConnection } from "../../lib/jupyter/connection.ts";
import { KernelRequestError } from "../../lib/jupyter/connection.ts";

const connection: Connection = {
  transport: "tcp",
  ip: "0.0.0.0",
  key: "secret",
  shell_port: 1,
  iopub_port: 2,
  stdin_port: 3,
  control_port: 4,
  hb_port: 5,
};

async function written(content: object): Promise<Connection> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, JSON.stringify(content));
    return await readConnection(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a connection is read, and a transport that is not TCP is refused", async () => {
  assertEquals(await written(connection), connection);
  await assertRejects(
    () => written({ ...connection, transport: "ipc" }),
    KernelRequestError,
    "expected the transport tcp, got ipc",
  );
});

Deno.test("the kernel behind a relay has ports of its own, on this machine alone", () => {
  const inner = innerConnection(connection);
  assertEquals([inner.ip, inner.key, inner.transport], ["127.0.0.1", "secret", "tcp"]);
  const ports = CHANNELS.map((c) => inner[`${c}_port`]);
  assertEquals(new Set(ports).size, CHANNELS.length);
  for (const port of ports) Deno.listen({ hostname: inner.ip, port }).close();
});
