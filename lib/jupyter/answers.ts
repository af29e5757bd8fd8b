/**
 * What a Tunebook kernel answers beyond Deno's: cells that can't be parsed get an error, names are explained, and what may be
 * written comes from types.
 */
import { unlessAborted } from "../base/cancellation.ts";
import { type Completion, LanguageServer } from "./language_server.ts";
import { type Message, newMessage } from "./message.ts";
import type { RelayListener } from "./relay.ts";
import { type ShownError, syntaxErrorOf } from "./syntax_error.ts";

/** How long an idle state waits for the reply before it, and a completion for types; milliseconds. */
const REPLY_MS = 5000, COMPLETION_MS = 4000, HOVER_MS = 20_000;
/** The most entries of a completion, and the most characters of earlier cells that types are read from. */
const ENTRIES = 200, CHARACTERS = 200_000;
/** Requests that are remembered. */
const REQUESTS = 100;

/** The error of a cell that Deno's kernel refuses and its formatter does not. */
const UNKNOWN: ShownError = {
  ename: "Error",
  evalue: "expected a cell that Deno runs, got one that it refuses and does not say why",
  traceback: [],
};

interface Asked {
  readonly message: Message;
  readonly error: PromiseWithResolvers<ShownError | undefined>;
}

export class Answers implements RelayListener {
  readonly #asked = new Map<string, Asked>();
  #cells = "";
  #server: LanguageServer | undefined;

  /**
   * @param folder the notebook's folder
   * @param config path of the deno.json that the kernel has
   */
  constructor(readonly folder: URL, readonly config: string) {}

  request(message: Message): void {
    this.#asked.set(message.header.msg_id, { message, error: Promise.withResolvers() });
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > REQUESTS && oldest !== undefined) this.#asked.delete(oldest);
  }

  async reply(message: Message): Promise<Message> {
    const asked = this.#asked.get(message.parent.msg_id ?? "");
    if (!asked) return message;
    const request = asked.message.content as { readonly code: string; readonly cursor_pos: number };
    switch (message.header.msg_type) {
      case "execute_reply": {
        const error = isSilentFailure(message) ? await syntaxErrorOf(request.code) ?? UNKNOWN : undefined;
        asked.error.resolve(error);
        if (!error) this.#cells = `${this.#cells}${request.code}\n`.slice(-CHARACTERS);
        return error ? { ...message, content: { ...message.content, ...error } } : message;
      }
      case "inspect_reply":
        return { ...message, content: await this.#inspect(request.code, request.cursor_pos) };
      case "complete_reply":
        return {
          ...message,
          content: await this.#complete(request.code, request.cursor_pos, message.content),
        };
      default:
        return message;
    }
  }

  async publish(message: Message): Promise<readonly Message[]> {
    const { msg_id, msg_type } = message.parent;
    const isIdle = message.header.msg_type === "status" && message.content["execution_state"] === "idle";
    const asked = isIdle && msg_type === "execute_request" ? this.#asked.get(msg_id ?? "") : undefined;
    const error = asked && await unlessAborted(asked.error.promise, AbortSignal.timeout(REPLY_MS));
    if (!error) return [message];
    return [{ ...newMessage("error", { ...error }, message.parent), before: message.before }, message];
  }

  get #types(): LanguageServer {
    if (!this.#server || this.#server.hasEnded) this.#server = new LanguageServer(this.folder, this.config);
    return this.#server;
  }

  async #inspect(code: string, cursor: number): Promise<Message["content"]> {
    const text = this.#cells + code, at = this.#cells.length + unitsOf(code, cursor);
    const found = await unlessAborted(this.#explained(text, at), AbortSignal.timeout(HOVER_MS));
    if (found === undefined) return { status: "ok", found: false, data: {}, metadata: {} };
    const markdown = withoutLinks(found);
    const data = { "text/markdown": markdown, "text/plain": markdown.replace(/^```.*\n?/gm, "").trim() };
    return { status: "ok", found: true, data, metadata: {} };
  }

  /** What stands at the cursor or just before it; inside the brackets of a call, the call. */
  async #explained(text: string, at: number): Promise<string | undefined> {
    const before = /[\w$]/.test(text[at - 1] ?? "") ? at - 1 : at;
    return await this.#types.hover(text, before) ?? await this.#types.signature(text, at);
  }

  async #complete(code: string, cursor: number, known: Message["content"]): Promise<Message["content"]> {
    const offset = unitsOf(code, cursor), [word = ""] = /[\w$]*$/.exec(code.slice(0, offset)) ?? [];
    const start = cursor - word.length;
    const text = this.#cells + code, at = this.#cells.length + offset;
    const found = await unlessAborted(this.#types.completions(text, at), AbortSignal.timeout(COMPLETION_MS));
    const entries = (found ?? []).filter(({ label }) => label.startsWith(word)).toSorted(inOrder)
      .slice(0, ENTRIES).map(({ label, kind }) => ({ text: label.replace(/\?$/, ""), kind }));
    if (entries.length === 0) return withoutHidden(known);
    const types = entries.map(({ text, kind }) => ({
      text,
      type: KINDS[kind ?? 0] ?? "",
      start,
      end: cursor,
    }));
    return {
      status: "ok",
      matches: entries.map((e) => e.text),
      cursor_start: start,
      cursor_end: cursor,
      metadata: { _jupyter_types_experimental: types },
    };
  }
}

/** What Deno's kernel says to a cell that it can't parse. */
function isSilentFailure({ content }: Message): boolean {
  const { status, evalue, traceback } = content as Readonly<Record<string, unknown>>;
  return status === "error" && evalue === "Execution failed" && Array.isArray(traceback) &&
    traceback.length === 0;
}

/** Leaves out names as `__defineGetter__`. */
function withoutHidden(content: Message["content"]): Message["content"] {
  const { matches } = content;
  if (!Array.isArray(matches)) return content;
  return { ...content, matches: matches.filter((m) => !/^(.*\.)?__\w+__$/.test(`${m}`)) };
}

/** The number of UTF-16 units of the first code points, in which Jupyter counts. */
function unitsOf(text: string, codePoints: number): number {
  return [...text].slice(0, codePoints).join("").length;
}

/** Links of a description lead to files of this machine: their text stays. */
function withoutLinks(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\(file:[^)]*\)/g, "$1").replace(/\n{3,}/g, "\n\n").trim();
}

function inOrder(a: Completion, b: Completion): number {
  return (a.sortText ?? "").localeCompare(b.sortText ?? "") || a.label.localeCompare(b.label);
}

/** LSP's kinds of entries, by number, in words that JupyterLab has icons for. */
const KINDS: Readonly<Record<number, string>> = {
  2: "method",
  3: "function",
  5: "property",
  6: "instance",
  7: "class",
  8: "interface",
  9: "module",
  10: "property",
  13: "enum",
  14: "keyword",
  21: "constant",
};
