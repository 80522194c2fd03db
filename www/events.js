// Events: the newest audit rows, older ones on demand.
import { call } from "./api.js";
import { busy, chip, copyOf, find, keep, loader, section, times, write } from "./dom.js";
import { watch } from "./state.js";

const root = section("events");
const more = find("[data-more]", root);
const elements = new Map();
const step = 20;
let rows = [];
let next = null;

export const reload = loader(root, async (current) => {
  const answer = await call("GET", `events/?limit=${step}`);
  if (!current()) return;
  rows = answer.events;
  show(answer);
});

function show(answer) {
  next = answer.next ?? null;
  more.hidden = next === null;
  find("[data-empty]", root).hidden = rows.length > 0;
  find("[data-list]", root).hidden = !rows.length;
  keep(find("[data-list]", root), rows, (row) => row.id, () => copyOf("event"), update, elements);
}

function update(element, row) {
  write(element, { action: row.action, subject: row.subject ?? "", actor: row.actor ?? "Nobody", address: row.address ?? "" });
  times(element, { at: [row.at] });
  chip(find("[data-chip]", element), [/^(ok|success|created|updated|20\d)/.test(row.result) ? "ok" : "warn", row.result]);
}

more.addEventListener("click", () => busy(more, async () => {
  const answer = await call("GET", `events/?limit=${step}&after=${next}`);
  rows = [...rows, ...answer.events];
  show(answer);
}));

// Whatever was changed here stands in the list now.
for (const name of ["tokens", "mappings"]) watch(name, () => {
  clearTimeout(watch.timer);
  watch.timer = setTimeout(() => find("[data-list]", root).children.length && reload(), 400);
});
