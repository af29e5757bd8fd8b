/** The page of a fleet on the network: its address as a QR code, and the certificate that the docs make. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import jsQR from "jsqr";
import { runFleet } from "../../lib/cli/fleet.ts";
import { ownAddresses } from "../../lib/cli/listening.ts";
import { qrCode } from "../../lib/cli/qr_code.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { freePort, natsServer } from "../fleet/nats_server.ts";
import { browse, browserTest } from "../share/browser.ts";
import { start } from "./process.ts";

/** Reads a code as a camera does: each letter is two modules, one above the other. */
function read(code: string): string | undefined {
  const scale = 4, lines = code.split("\n").map((line) => [...line]);
  const width = lines[0]?.length ?? 0, side = width * scale;
  const pixels = new Uint8ClampedArray(4 * side * side).fill(255);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const row = Math.floor(y / scale), letter = lines[row >> 1]?.[Math.floor(x / scale)] ?? " ";
      const isLight = letter === "█" || letter === (row % 2 === 0 ? "▀" : "▄");
      if (!isLight) pixels.fill(0, 4 * (y * side + x), 4 * (y * side + x) + 3);
    }
  }
  return jsQR.default(pixels, side, side)?.data;
}

Deno.test("a QR code holds the address, in a terminal of any colors", () => {
  for (const url of ["http://127.0.0.1:8443/", "https://[2001:db8::17]:65535/0123456789abcdef"]) {
    const code = qrCode(url, false);
    assertEquals(read(code), url);
    // deno-lint-ignore no-control-regex
    assertEquals(qrCode(url, true).replace(/\x1b\[[\d;]*m/g, ""), code);
  }
});

Deno.test("an address that no machine can connect to, and files that are not there, are refused", async () => {
  const tls = ["--cert", "nowhere.pem", "--key", "nowhere.pem"];
  for (const host of ["0.0.0.0", "::"]) {
    await assertRejects(() => runFleet(["--host", host, ...tls]), TunebookError, "by which others reach");
  }
  const elsewhere = ["--host", "203.0.113.7"];
  await assertRejects(() => runFleet([...elsewhere, ...tls]), TunebookError, "got nowhere.pem, which is not");
  await assertRejects(() => runFleet(elsewhere), TunebookError, "expected --cert and --key");
});

/** Runs the commands of the docs that make a certificate. */
async function certified(folder: string, host: string): Promise<void> {
  const docs = await Deno.readTextFile(new URL("../../docs/fleet.md", import.meta.url));
  const script = /```sh\n(HOST=[^`]+)```/.exec(docs)?.[1]?.replace(/^HOST=.*/, `HOST=${host}`);
  const { code, stderr } = await new Deno.Command("sh", { args: ["-ec", script ?? "exit 1"], cwd: folder })
    .output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}

/** The SHA-256 of the public key, as browsers pin it. */
async function pin(folder: string): Promise<string> {
  const args = ["pkey", "-in", `${folder}/host-key.pem`, "-pubout", "-outform", "DER"];
  const { stdout } = await new Deno.Command("openssl", { args }).output();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", stdout)).toBase64();
}

browserTest("the docs' certificate: a tuner and a page join a fleet on the network", async () => {
  if (natsServer === undefined) return;
  const host = ownAddresses().find((a) => a.includes(".")) ?? "127.0.0.1";
  const folder = await Deno.makeTempDir(), port = `${freePort()}`;
  await certified(folder, host);
  const files = ["--cert", `${folder}/chain.pem`, "--key", `${folder}/host-key.pem`];
  const fleetTask = start("fleet", "--host", host, "--port", port, "--out", folder, "--page", "0", ...files);
  await fleetTask.until(/no worker is here/);
  const said = fleetTask.said(), address = /https:\/\/\S+/.exec(said)?.[0] ?? "";
  assertEquals(read(/^[█▀▄ ]{20,}\n(?:.*█\n|▀+\n)+/m.exec(said)?.[0].trimEnd() ?? ""), address);

  // Deno checks the whole chain and the address.
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(`${folder}/ca.pem`)] });
  const root = await fetch(new URL("/", address), { client });
  // The port alone gives no credentials.
  assertEquals(
    [root.status, await root.text()],
    host === "127.0.0.1" ? [200, ""] : [404, "there is nothing here"],
  );
  const credentials = JSON.parse(await Deno.readTextFile(`${folder}/tuner.json`));
  assertMatch(credentials.url, /^tls:/);
  {
    await using fleet = await Fleet.join(credentials.url, { credentials });
    await browse(address, async (page) => {
      assert(await page.evaluate("isSecureContext"));
      for (let k = 0; k < 600 && fleet.devices.length === 0; k++) {
        await new Promise((r) => setTimeout(r, 100));
      }
      assertEquals(fleet.devices.map((d) => d.workers.length), [1], await page.innerText("#tunebook-state"));
    }, { gpu: true, offline: false, certificate: await pin(folder) });
  }
  assertEquals(await fleetTask.end(), 0);
  await Deno.remove(folder, { recursive: true });
});
