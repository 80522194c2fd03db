// Health: the program and what it stands on, what is wrong first. Open to everyone, asked every half minute.
import { call, copyOf, keep, loader, section, skeletons, write } from "./dom.js";

const { root, list } = section("health");
const elements = new Map();
const names = { database: "Database", key: "Key", cache: "Cache", graph: "Graph" };
const weight = ["error", "warning", "ok"];
const looks = { ok: ["ok", "Working"], warning: ["warn", "Attention"], error: ["bad", "Failing"] };
const overall = {
  ok: ["ok", "Running", "Everything works."],
  degraded: ["warning", "Degraded", "It works, but something needs attention."],
  unavailable: ["error", "Unavailable", "Something is broken."],
};

skeletons(list, 5, "panel check");

export const reload = loader(root, async (current) => {
  const answer = await call("GET", "health/");
  if (!current()) return;
  const [status, word, health] = overall[answer.status];
  const rows = [
    { id: "Program", status, word, detail: `Version ${answer.version}`, checked_at: new Date().toISOString() },
    ...Object.entries(answer.checks).map(([id, check]) => ({ id: names[id] ?? id, ...check })),
  ].sort((a, b) => weight.indexOf(a.status) - weight.indexOf(b.status));
  write(document, { health, dot: [looks[status][0], status === "ok" ? "" : word] });
  keep(list, rows, elements, () => copyOf("check"), (element, row) => {
    const [look, said] = looks[row.status];
    write(element, { ...row, chip: [look, row.word ?? said] });
  });
});

setInterval(() => document.hidden || reload(), 30_000);
