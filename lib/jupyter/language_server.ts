/** Deno's language server: what a name means, and what may be written at a place. */

import { bytesOf } from "./frames.ts";

/** An entry of a completion. */
export interface Completion {
  readonly label: string;
  /** Orders entries. */
  readonly sortText?: string;
  /** LSP's CompletionItemKind. */
  readonly kind?: number;
}

type Json = Readonly<Record<string, unknown>>;

/** One server with one document. It ends with the process that started it. */
export class LanguageServer {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #ready: Promise<unknown>;
  readonly #uri: string;
  #count = 0;
  #version = 0;
  #hasEnded = false;

  /**
   * @param folder where the document stands: its own imports are relative to it
   * @param config path of the deno.json with the import map
   */
  constructor(folder: URL, readonly config: string) {
    this.#uri = new URL("$cells.ts", folder).href;
    const server = new Deno.Command(Deno.execPath(), {
      args: ["lsp", "--quiet"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    server.unref();
    this.#writer = server.stdin.getWriter();
    // What can't be read ends it, too.
    this.#listen(server.stdout).catch(() => {}).finally(() => this.#end());
    const formats = ["markdown"];
    this.#ready = this.#ask("initialize", {
      processId: Deno.pid,
      rootUri: folder.href,
      workspaceFolders: [{ uri: folder.href, name: "notebook" }],
      initializationOptions: this.#settings,
      capabilities: {
        textDocument: { hover: { contentFormat: formats }, signatureHelp: { documentationFormat: formats } },
      },
    }).then(() => this.#tell("initialized", {}));
  }

  /** Whether the server has ended: nothing is known any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get #settings(): Json {
    return { enable: true, config: this.config, lint: false };
  }

  /** What stands at an offset, in Markdown; undefined if nothing is known of it. */
  async hover(text: string, offset: number): Promise<string | undefined> {
    const result = await this.#at("hover", text, offset) as { contents?: { value?: string } } | null;
    return result?.contents?.value;
  }

  /** The signature of the call around an offset, with its description, in Markdown; undefined outside a call. */
  async signature(text: string, offset: number): Promise<string | undefined> {
    const result = await this.#at("signatureHelp", text, offset) as {
      signatures?: readonly { label: string; documentation?: { value?: string } }[];
      activeSignature?: number;
    } | null;
    const found = result?.signatures?.[result.activeSignature ?? 0];
    return found && `\`\`\`ts\n${found.label}\n\`\`\`\n${found.documentation?.value ?? ""}`;
  }

  /** What may be written at an offset. */
  async completions(text: string, offset: number): Promise<readonly Completion[]> {
    const result = await this.#at("completion", text, offset) as { items?: readonly Completion[] } | null;
    return result?.items ?? [];
  }

  async #at(method: string, text: string, offset: number): Promise<unknown> {
    await this.#ready;
    await this.#show(text);
    const before = text.slice(0, offset).split("\n");
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    return await this.#ask(`textDocument/${method}`, { textDocument: { uri: this.#uri }, position });
  }

  async #show(text: string): Promise<void> {
    const version = ++this.#version;
    if (version === 1) {
      await this.#tell("textDocument/didOpen", {
        textDocument: { uri: this.#uri, languageId: "typescript", version, text },
      });
    } else {
      await this.#tell("textDocument/didChange", {
        textDocument: { uri: this.#uri, version },
        contentChanges: [{ text }],
      });
    }
  }

  async #ask(method: string, params: Json): Promise<unknown> {
    if (this.#hasEnded) return null;
    const id = ++this.#count;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    await this.#send({ id, method, params });
    return await promise;
  }

  #tell(method: string, params: Json): Promise<void> {
    return this.#send({ method, params });
  }

  async #send(message: Json): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", ...message }));
    const head = new TextEncoder().encode(`Content-Length: ${body.length}\r\n\r\n`);
    // Where the server has ended, its output has, too.
    await this.#writer.write(bytesOf(head, body)).catch(() => {});
  }

  /** Reads messages: a head of lines, an empty line, and a body of that length. */
  async #listen(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = new Uint8Array();
    for await (const chunk of stdout) {
      rest = bytesOf(rest, chunk);
      while (true) {
        const text = new TextDecoder("latin1").decode(rest.subarray(0, 256));
        const [head, length] = /^[\s\S]*?Content-Length: (\d+)[\s\S]*?\r\n\r\n/.exec(text) ?? [];
        if (head === undefined || rest.length < head.length + Number(length)) break;
        const end = head.length + Number(length);
        await this.#hear(JSON.parse(new TextDecoder().decode(rest.subarray(head.length, end))));
        rest = rest.slice(end);
      }
    }
  }

  #end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#waiting.values()) resolve(null);
  }

  async #hear({ id, method, params, result }: {
    readonly id?: number;
    readonly method?: string;
    readonly params?: { readonly items?: readonly unknown[] };
    readonly result?: unknown;
  }): Promise<void> {
    if (id === undefined) return;
    if (method !== undefined) {
      // A question of the server's: only its settings are answered with something.
      const answer = method === "workspace/configuration" ? params?.items?.map(() => this.#settings) : null;
      await this.#send({ id, result: answer ?? null });
      return;
    }
    this.#waiting.get(id)?.(result ?? null);
    this.#waiting.delete(id);
  }
}
