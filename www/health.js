// Health: the program and what it stands on, what is wrong first.
import { call, copyOf, keep, loader, section, skeletons, write } from "./dom.js";

const { root, list } = section("health");
const statuses = { ok: "ok", degraded: "warning", unavailable: "error" };
const looks = {
  error: ["bad", "Failing", "Something is broken."],
  warning: ["warn", "Attention", "It works, but something needs attention."],
  ok: ["ok", "Working", "Everything works."],
};
const rank = ({ status }) => Object.keys(looks).indexOf(status);

skeletons(list, 5, "panel check");

export const reload = loader(root, async (current) => {
  const { status, version, checks } = await call("GET", "health/");
  if (!current()) return;
  const program = { id: "program", status: statuses[status], detail: `Version ${version}`, checked_at: new Date().toISOString() };
  const rows = [program, ...Object.entries(checks).map(([id, check]) => ({ id, ...check }))];
  const [look, word, health] = looks[program.status];
  write(document, { health, dot: [look, look === "ok" ? "" : word] });
  keep(list, rows.sort((a, b) => rank(a) - rank(b)), () => copyOf("check"),
    (element, row) => write(element, { ...row, chip: looks[row.status] }));
});

setInterval(() => document.hidden || reload(), 30_000);
