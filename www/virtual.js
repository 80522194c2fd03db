// A list of thousands of which only what is seen is in the document: a listbox with one choice.
import { fill, h, set } from "./dom.js";
import { skeletons } from "./parts.js";

let lists = 0;

/** `content(row)` makes what stands in a line of `height` pixels; `choose(row)` hears the choice. */
export function virtualList(label, height, content, choose, signal) {
  const own = `list-${++lists}`;
  const field = h("ul.field-of-lines", { role: "presentation" });
  const root = h("div.scroller.virtual", { role: "listbox", tabIndex: 0, ariaLabel: label }, field);
  let rows = [];
  let at = -1; // Where the keys stand.
  let chosen = -1;
  let drawn = "";

  function draw(anew) {
    const first = Math.max(0, Math.floor(root.scrollTop / height) - 6);
    const last = Math.min(rows.length, first + Math.ceil((root.clientHeight || 420) / height) + 12);
    const key = `${first} ${last} ${at} ${chosen}`;
    if (!anew && key === drawn) return;
    drawn = key;
    field.style.height = `${rows.length * height}px`;
    fill(field, rows.slice(first, last).map((row, offset) => {
      const index = first + offset;
      const element = set(h("li.line", { role: "option", id: `${own}-${index}`, ariaSelected: String(index === chosen), ariaSetSize: String(rows.length), ariaPosInSet: String(index + 1) }, content(row)), {});
      element.classList.toggle("at", index === at);
      element.style.top = `${index * height}px`;
      element.onclick = () => go(index, true);
      return element;
    }));
    if (at >= first && at < last) root.setAttribute("aria-activedescendant", `${own}-${at}`);
    else root.removeAttribute("aria-activedescendant");
  }

  function go(index, takes) {
    at = Math.max(0, Math.min(rows.length - 1, index));
    if (takes) chosen = at;
    const top = at * height;
    if (top < root.scrollTop) root.scrollTop = top;
    else if (top + height > root.scrollTop + root.clientHeight) root.scrollTop = top + height - root.clientHeight;
    draw();
    if (takes) choose(rows[chosen]);
  }

  root.onscroll = () => draw();
  root.onkeydown = (event) => {
    const page = Math.max(1, Math.floor(root.clientHeight / height) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (by) go(Math.max(at, by > 1 ? 0 : -1) + by, true);
    else if (event.key === " ") go(Math.max(at, 0), true);
    else if (event.key === "Enter") {
      // As in a field: the form is sent.
      if (chosen < 0) go(Math.max(at, 0), true);
      root.closest("form")?.requestSubmit();
    } else return;
    event.preventDefault();
  };
  const size = new ResizeObserver(() => draw(true));
  size.observe(root);
  signal.addEventListener("abort", () => size.disconnect());

  return {
    root,
    show(now, index) {
      rows = now;
      chosen = index ?? -1;
      at = chosen;
      root.scrollTop = chosen < 0 ? 0 : root.scrollTop;
      root.removeAttribute("aria-busy");
      draw(true);
    },
    wait(isWaiting) {
      if (isWaiting) {
        root.ariaBusy = "true";
        fill(field, skeletons(5, ".line-high"));
      } else if (root.ariaBusy) {
        root.ariaBusy = null;
        draw(true);
      }
    },
  };
}
