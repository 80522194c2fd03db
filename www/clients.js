// Clients: a row per mapping; of a thousand the first that fit.
import { actions, call, change, copyOf, count, find, focusOn, folded, keep, listAll, loader, number, put, quoted, say, section, seeker, state, toast, watch, write } from "./dom.js";

const { root, list, filter, empty } = section("clients");
const more = find('[data-do="more"]', root);
const order = new Intl.Collator("en", { numeric: true });
let sorted = [];
let limit = 50;

export const reload = loader(root, (current) => listAll("mappings", (rows) => current() && put("mappings", rows)));

watch("mapped", reload);

watch("mappings", () => {
  sorted = state.mappings
    .map((row) => ({ ...row, text: folded(row.client_id, row.fb_page_name, row.ig_username, row.fb_page_id) }))
    .sort((a, b) => order.compare(a.client_id, b.client_id) || a.id - b.id);
  find("[data-table]", root).hidden = !sorted.length;
  empty.hidden = sorted.length;
  write(document, { mappings: ["", number(sorted.length)] });
  show();
});

function show() {
  const fits = seeker(filter);
  const fitting = sorted.filter(({ text }) => fits(text));
  keep(list, fitting.slice(0, limit), create, update);
  more.hidden = fitting.length <= limit;
  more.textContent = `Show more of ${number(fitting.length - limit)}`;
  write(root, { clients: filter.value ? `${number(fitting.length)} of ${number(sorted.length)}` : count(sorted.length, "mapping") });
}

filter.addEventListener("input", () => {
  limit = 50;
  show();
});

actions(more.parentElement, {
  more: async () => {
    const first = limit;
    limit += 100;
    show();
    // The button may be gone now.
    focusOn(find("button", list.children[first]));
  },
});

const update = (element, row) => write(element, {
  ...row,
  instagram: row.ig_username ? `@${row.ig_username}` : row.ig_account_id ?? "None",
});

function create({ id }) {
  const element = copyOf("client");
  const row = () => state.mappings.find((other) => other.id === id);
  actions(element, {
    preview: async () => {
      say("preview", row());
      focusOn(find("#preview h2"));
    },
    refresh: async () => {
      const { refreshed, detail, mapping } = await call("POST", `mappings/${id}/refresh/`);
      change("mappings", id, mapping);
      toast(refreshed ? `The grid of ${quoted(mapping.client_id)} is fetched anew.` : detail);
    },
    remove: {
      ask: () => "Remove?",
      deed: async () => {
        await call("DELETE", `mappings/${id}/`);
        toast(`${quoted(row().client_id)} is removed.`);
        change("mappings", id, null);
      },
    },
  });
  return element;
}
