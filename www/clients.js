// Clients: one row per mapping. A thousand are known at once but only the first of those that fit stand in the page;
// rows are made once and reused, so that searching costs little.
import { call, listAll } from "./api.js";
import { askTwice, busy, copyOf, find, keep, loader, section, times, toast, write } from "./dom.js";
import { put, say, state, watch } from "./state.js";
import { count, folded, number, quoted, sentence } from "./words.js";

const root = section("clients");
const list = find("[data-list]", root);
const filter = find("[data-filter]", root);
const more = find("[data-more]", root);
const elements = new Map();
const step = 50;
const order = new Intl.Collator(undefined, { numeric: true });
let sorted = []; // [row, text to search in]
let limit = step;

export const reload = loader(root, (current) =>
  listAll("mappings/", "mappings", (rows) => current() && put("mappings", rows)));

watch("mapped", () => reload());

watch("mappings", () => {
  sorted = [...state.mappings]
    .sort((a, b) => order.compare(a.client_id, b.client_id) || a.id - b.id)
    .map((row) => [row, folded(`${row.client_id} ${row.fb_page_name} ${row.ig_username ?? ""} ${row.fb_page_id}`)]);
  const ids = new Set(state.mappings.map((row) => row.id));
  for (const id of elements.keys()) if (!ids.has(id)) elements.delete(id);
  find("[data-table]", root).hidden = !sorted.length;
  find("[data-empty]", root).hidden = sorted.length > 0;
  find('[data-count="mappings"]').textContent = sorted.length ? number(sorted.length) : "";
  show();
});

function show() {
  const words = folded(filter.value).split(/\s+/).filter(Boolean);
  const fitting = sorted.filter(([, text]) => words.every((word) => text.includes(word))).map(([row]) => row);
  keep(list, fitting.slice(0, limit), (row) => row.id, create, update, elements);
  const rest = fitting.length - limit;
  more.hidden = rest <= 0;
  more.textContent = `Show ${number(Math.min(rest, step * 2))} more of ${number(rest)}`;
  write(root, {
    clients: words.length ? `${number(fitting.length)} of ${count(sorted.length, "mapping")}.`
      : sorted.length ? `${count(sorted.length, "mapping")} of a client to a Page.` : "Who is mapped to which Page.",
  });
}

filter.addEventListener("input", () => {
  limit = step;
  show();
});

more.addEventListener("click", () => {
  const first = limit;
  limit += step * 2;
  show();
  // The button may be gone or far away now: go on with the first new row.
  find("button", list.children[first]).focus({ preventScroll: true });
});

function update(element, row) {
  write(element, {
    client: row.client_id,
    page: row.fb_page_name ?? row.fb_page_id,
    pageid: row.fb_page_name ? row.fb_page_id : "",
    instagram: row.ig_username ? `@${row.ig_username}` : row.ig_account_id ?? "None",
  });
  times(element, { cached: [row.cached_at, row.ig_account_id ? "Not yet" : "–"] });
}

function create({ id }) {
  const element = copyOf("client");
  const row = () => state.mappings.find((other) => other.id === id);
  const trouble = find("[data-row-error]", element);
  const attempt = async (work) => {
    trouble.textContent = "";
    try {
      await work();
    } catch (error) {
      if (!error.fields) throw error;
      if (error.status !== 401) trouble.textContent = sentence(error);
    }
  };
  const deeds = {
    preview: () => say("preview", { ...row(), go: true }),
    refresh: (button) => busy(button, () => attempt(async () => {
      const { mapping } = await call("POST", `mappings/${id}/refresh/`);
      put("mappings", state.mappings.map((other) => (other.id === id ? { ...other, ...mapping } : other)));
      toast(`The grid of ${quoted(row().client_id)} is fetched anew.`);
    })),
    remove: (button) => askTwice(button, "Remove?", () => attempt(async () => {
      const { client_id: client } = row();
      await call("DELETE", `mappings/${id}/`);
      const neighbour = element.nextElementSibling ?? element.previousElementSibling;
      put("mappings", state.mappings.filter((other) => other.id !== id));
      (neighbour ? find('[data-do="remove"]', neighbour) : find("#clients-title")).focus();
      toast(`${quoted(client)} is removed.`);
    })),
  };
  element.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) deeds[button.dataset.do](button);
  });
  return element;
}
