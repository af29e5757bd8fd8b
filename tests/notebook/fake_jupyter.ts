/** A notebook to show things in, for tests: what reaches it is kept. */

export interface Message {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly id: string | undefined;
}

export interface FakeJupyter extends Disposable {
  readonly messages: readonly Message[];
  /** What a reader sees in the end: updates in the place of what they update. */
  readonly shown: readonly Message[];
}

/** Deno's Jupyter interface, until it is disposed. */
export function fakeJupyter(): FakeJupyter {
  const messages: Message[] = [];
  const holder = Deno as unknown as { jupyter: unknown };
  holder.jupyter = {
    broadcast(type: string, content: Omit<Message, "type" | "id"> & { transient: { display_id?: string } }) {
      const { data, metadata, transient } = structuredClone(content);
      messages.push({ type, data, metadata, id: transient.display_id });
    },
  };
  return {
    messages,
    get shown() {
      const shown: Message[] = [];
      for (const m of messages) {
        if (m.type === "display_data") shown.push(m);
        else shown.forEach((s, k) => s.id === m.id && (shown[k] = m));
      }
      return shown;
    },
    [Symbol.dispose]: () => holder.jupyter = undefined,
  };
}
