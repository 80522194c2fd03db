// Events: the newest audit rows, older ones on demand.
import { call } from "./api.js";
import { actions, copyOf, find, keep, loader, section, write } from "./dom.js";
import { watch } from "./state.js";

const root = section("events");
const list = find("[data-list]", root);
const elements = new Map();
let rows = [];
let next = null;
let timer;

async function fetchRows(after, current = () => true) {
  const answer = await call("GET", `events/?limit=20${after}`);
  if (!current()) return;
  rows = after ? [...rows, ...answer.events] : answer.events;
  next = answer.next ?? null;
  find('[data-do="more"]', root).hidden = next === null;
  find("[data-empty]", root).hidden = rows.length;
  list.hidden = !rows.length;
  keep(list, rows, elements, () => copyOf("event"), (element, row) => write(element, {
    ...row,
    actor: `${row.actor ?? "Nobody"} · ${row.address ?? "here"}`,
    result: [/^(ok|success|20\d)/.test(row.result) ? "ok" : "warn", row.result],
  }));
}

export const reload = loader(root, (current) => fetchRows("", current));

actions(root, { more: () => fetchRows(`&after=${next}`) });

// What was just changed here stands in the list in a moment.
for (const name of ["tokens", "mappings"]) {
  watch(name, () => {
    clearTimeout(timer);
    timer = setTimeout(reload, 500);
  });
}
