/** All that the pages' scripts need of a document. */

/** An element of a page. */
export interface PageElement {
  textContent: string | null;
  hidden: boolean;
  disabled: boolean;
  value: number;
  href: string;
  download: string;
  scope: string;
  querySelector(selector: string): PageElement | null;
  replaceChildren(...children: readonly PageElement[]): void;
  append(...children: readonly PageElement[]): void;
  addEventListener(event: "click", run: () => void): void;
}

interface PageDocument extends EventTarget {
  readonly visibilityState: "visible" | "hidden";
  createElement(name: string): PageElement;
  getElementById(id: string): PageElement | null;
}

const { document } = globalThis as unknown as { readonly document: PageDocument };

/**
 * Finds an element by its id.
 *
 * @throws {Error} if there is none
 */
export function byId(id: string): PageElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`expected an element ${id} in the page, got none`);
  return found;
}

/** Makes an element with a text. */
export function element(name: string, text = "", children: readonly PageElement[] = []): PageElement {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
}

/** Waits until the page has shown what was changed. */
export function shown(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

/** Tells whether the page is seen: its tab is in front, and the screen is not locked. */
export function isSeen(): boolean {
  return document.visibilityState === "visible";
}

/** Waits until the page is seen, or isn't, or the signal is aborted. */
export function seen(wanted: boolean, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ended = new AbortController();
  const look = () => {
    if (isSeen() !== wanted && !signal.aborted) return;
    ended.abort();
    resolve();
  };
  document.addEventListener("visibilitychange", look, { signal: ended.signal });
  signal.addEventListener("abort", look, { signal: ended.signal });
  look();
  return promise;
}
