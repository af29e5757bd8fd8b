/** Cuts a stream of text into lines. */
export class TextLineStream extends TransformStream<string, string> {
  constructor() {
    let parts: string[] = [];
    super({
      transform(chunk, controller) {
        const [first = "", ...more] = chunk.split("\n");
        parts.push(first);
        for (const next of more) {
          controller.enqueue(parts.join(""));
          parts = [next];
        }
      },
      flush(controller) {
        const rest = parts.join("");
        if (rest) controller.enqueue(rest);
      },
    });
  }
}
