// Clients: a row per mapping. A thousand may be known, the first of those that fit stand in the page; rows are made
// once and reused, so that searching costs little.
import { call, listAll } from "./api.js";
import { actions, copyOf, find, keep, leave, loader, section, toast, write } from "./dom.js";
import { change, put, say, state, watch } from "./state.js";
import { count, folded, number, quoted, seeker } from "./words.js";

const root = section("clients");
const list = find("[data-list]", root);
const filter = find("[data-filter]", root);
const more = find('[data-do="more"]', root);
const elements = new Map();
const order = new Intl.Collator("en", { numeric: true });
const step = 50;
let sorted = []; // [row, text to search in]
let limit = step;

export const reload = loader(root, (current) => listAll("mappings", (rows) => current() && put("mappings", rows)));

watch("mapped", reload);

watch("mappings", () => {
  sorted = state.mappings
    .map((row) => [row, folded(`${row.client_id} ${row.fb_page_name} ${row.ig_username ?? ""} ${row.fb_page_id}`)])
    .sort(([a], [b]) => order.compare(a.client_id, b.client_id) || a.id - b.id);
  find("[data-table]", root).hidden = !sorted.length;
  find("[data-empty]", root).hidden = sorted.length;
  write(document, { mappings: ["", sorted.length ? number(sorted.length) : ""] });
  show();
});

function show() {
  const fits = seeker(filter.value);
  const fitting = sorted.filter(([, text]) => fits(text));
  keep(list, fitting.slice(0, limit).map(([row]) => row), elements, create, update);
  more.hidden = fitting.length <= limit;
  more.textContent = `Show more of ${number(fitting.length - limit)}`;
  write(root, {
    clients: !sorted.length ? "Who is mapped to which Page."
      : fitting.length < sorted.length ? `${number(fitting.length)} of ${number(sorted.length)}` : count(sorted.length, "mapping"),
  });
}

filter.addEventListener("input", () => {
  limit = step;
  show();
});

actions(more.parentElement, {
  more: async () => {
    const first = limit;
    limit += step * 2;
    show();
    // The button may be gone or far away now: the first new row is next.
    find("button", list.children[first]).focus({ preventScroll: true });
  },
});

const update = (element, row) => write(element, {
  client: row.client_id,
  page: row.fb_page_name ?? row.fb_page_id,
  id: row.fb_page_name ? row.fb_page_id : "",
  instagram: row.ig_username ? `@${row.ig_username}` : row.ig_account_id ?? "None",
  cached: row.cached_at,
});

function create({ id }) {
  const element = copyOf("client");
  const row = () => state.mappings.find((other) => other.id === id);
  actions(element, {
    preview: async () => {
      say("preview", row());
      find("#preview h2").focus();
    },
    refresh: async () => {
      const { mapping } = await call("POST", `mappings/${id}/refresh/`);
      change("mappings", id, { ...row(), ...mapping });
      toast(`The grid of ${quoted(row().client_id)} is fetched anew.`);
    },
    remove: {
      ask: () => "Remove?",
      deed: async () => {
        const gone = `${quoted(row().client_id)} is removed.`;
        await call("DELETE", `mappings/${id}/`);
        const focus = leave(element, "remove");
        elements.delete(id);
        change("mappings", id, null);
        focus();
        toast(gone);
      },
    },
  });
  return element;
}
