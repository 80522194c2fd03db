// Health: the program and what it stands on, what is wrong first. Open to everyone, asked again every half minute.
import { call } from "./api.js";
import { chip, copyOf, find, keep, loader, section, times, write } from "./dom.js";

const root = section("health");
const list = find("[data-list]", root);
const elements = new Map();
const names = { database: "Database", key: "Key", cache: "Cache", graph: "Graph" };
const looks = { ok: ["ok", "Working"], warning: ["warn", "Attention"], error: ["bad", "Failing"] };
const overall = {
  ok: ["ok", "Running", "Everything works."],
  degraded: ["warn", "Degraded", "It works, but something needs attention."],
  unavailable: ["bad", "Unavailable", "Something is broken."],
};
const weight = { error: 0, warning: 1, ok: 2 };

export const reload = loader(root, async (current) => {
  const answer = await call("GET", "health/");
  if (!current()) return;
  const [look, word, text] = overall[answer.status] ?? overall.degraded;
  const rows = [
    { name: "Program", status: { ok: "ok", bad: "error", warn: "warning" }[look], words: [look, word], detail: `Version ${answer.version}`, checked_at: new Date().toISOString() },
    ...Object.entries(answer.checks ?? {}).map(([name, check]) => ({ name: names[name] ?? name, ...check })),
  ].sort((a, b) => weight[a.status] - weight[b.status]);
  write(root, { health: text });
  chip(find("[data-health-dot]"), [`dot ${look}`, look === "ok" ? "" : word]);
  keep(list, rows, (row) => row.name, () => copyOf("check"), update, elements);
});

function update(element, row) {
  write(element, { name: row.name, detail: row.detail ?? "" });
  chip(find("[data-chip]", element), row.words ?? looks[row.status] ?? looks.warning);
  times(element, { checked: [row.checked_at, ""] });
}

setInterval(() => document.hidden || reload(), 30_000);
