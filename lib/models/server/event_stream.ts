/** Chunks as server-sent events. */

/** What ends with a stream. */
export interface StreamEnd {
  /** Gives the last event of a stream that failed. */
  readonly failed: (e: unknown) => object;
  /** Is called once, at the end: all was sent, it failed, or the client has gone. */
  readonly closed: () => void;
}

/**
 * Sends chunks as they come, and `[DONE]` at the end. A chunk is taken when the client has room for it, so a slow client
 * holds up nothing but its own stream. When the client goes, `source` returns.
 */
export function eventStream(source: AsyncIterable<object>, { failed, closed }: StreamEnd): Response {
  const encoder = new TextEncoder(), chunks = source[Symbol.asyncIterator]();
  const event = (data: string) => encoder.encode(`data: ${data}\n\n`);
  let open = true;
  const close = () => {
    if (open) closed();
    open = false;
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        controller.enqueue(event(done ? "[DONE]" : JSON.stringify(value)));
        if (!done) return;
      } catch (e) {
        if (!open) return;
        controller.enqueue(event(JSON.stringify(failed(e))));
      }
      close();
      controller.close();
    },
    async cancel() {
      close();
      await chunks.return?.();
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
  });
}
