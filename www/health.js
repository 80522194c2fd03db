// Health: the program and what it stands on, what is wrong first. Open to everyone, asked every half minute.
import { call, line } from "./api.js";
import { copyOf, find, keep, loader, section, skeletons, write } from "./dom.js";

const root = section("health");
const list = find("[data-list]", root);
const elements = new Map();
const names = { database: "Database", key: "Key", cache: "Cache", graph: "Graph" };
const weight = ["error", "warning", "ok"];
const looks = { ok: ["ok", "Working"], warning: ["warn", "Attention"], error: ["bad", "Failing"] };
const overall = {
  ok: ["ok", "Running", "Everything works."],
  degraded: ["warning", "Degraded", "It works, but something needs attention."],
  unavailable: ["error", "Unavailable", "Something is broken."],
};

skeletons(list, 5, "check");

export const reload = loader(root, async (current) => {
  const answer = await call("GET", "health/");
  if (!current()) return;
  const [status, word, health] = overall[answer.status] ?? overall.degraded;
  const program = { id: "program", name: "Program", status, word, detail: `Version ${answer.version}`, checked_at: new Date().toISOString() };
  const checks = Object.entries(answer.checks).map(([id, check]) => ({ id, name: names[id] ?? id, ...check }));
  const rows = [program, ...checks].sort((a, b) => weight.indexOf(a.status) - weight.indexOf(b.status));
  write(document, { health, dot: [looks[status][0], status === "ok" ? "" : word] });
  keep(list, rows, elements, () => copyOf("check"), (element, row) => {
    const [look, said] = looks[row.status] ?? looks.warning;
    write(element, { name: row.name, detail: row.detail, checked: row.checked_at, chip: [look, row.word ?? said] });
  });
});

line.addEventListener("lost", () => write(document, { health: "Not known at the moment.", dot: ["bad", "No answer"] }));
setInterval(() => document.hidden || reload(), 30_000);
