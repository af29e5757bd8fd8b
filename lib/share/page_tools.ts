/** What scripts add to a page: sorted and filtered tables, and copied texts. The page says the same without them. */

/** Fewest rows of a table that is worth a filter. */
const FILTERED = 8;

/** The script. Numbers sort by their value. The next click reverses the order. */
export const PAGE_TOOLS = `"use strict";
const numberOf = (text) => {
  const number = parseFloat(text.replaceAll(",", ""));
  return Number.isNaN(number) ? undefined : number;
};
const compared = (a, b) => {
  const x = numberOf(a), y = numberOf(b);
  if (x !== undefined && y !== undefined) return x - y;
  return x !== undefined ? -1 : y !== undefined ? 1 : a.localeCompare(b);
};
for (const table of document.querySelectorAll("main table")) {
  const body = table.tBodies[0], heads = [...table.tHead?.rows[0]?.cells ?? []];
  if (!body || body.rows.length < 2) continue;
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const textOf = (row) => row.cells[column]?.textContent ?? "";
      const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * compared(textOf(a), textOf(b)));
      body.append(...rows);
    });
  });
  if (body.rows.length < ${FILTERED}) continue;
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "Filter rows";
  field.setAttribute("aria-label", "Filter the rows of this table");
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\\s+/);
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  table.parentElement.before(field);
}
for (const text of document.querySelectorAll("main pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      // Without the right to the clipboard, the text is selected for the reader's own copy.
      getSelection().selectAllChildren(text);
      button.textContent = "Selected: copy it with the keyboard";
    }
  });
  text.before(button);
}`;
