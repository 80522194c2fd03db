// System: the program and what it stands on, and who may come in.
import { fill, h, keep } from "./dom.js";
import { chip, head, time } from "./parts.js";
import { command } from "./gate.js";
import { state, watch } from "./store.js";

const statuses = { ok: "ok", degraded: "warning", unavailable: "error" };
const looks = {
  error: ["bad", "Failing", "Something is broken."],
  warning: ["warn", "Attention", "It works, but something needs attention."],
  ok: ["ok", "Working", "Everything works."],
};
const order = Object.keys(looks);
const names = { program: "Program", database: "Database", key: "Encryption key", cache: "Cache", graph: "Meta’s Graph API" };

export function mount(route, signal) {
  const list = h("ul.rows.panel.flush", { ariaLabel: "Checks" });
  const said = h("p.hint", { role: "status" });
  const title = head("System");
  title.firstElementChild.append(said);
  const open = state.session.mode === "protected";
  const root = h("section", { ariaLabel: "System" }, title, list,
    h("section", { ariaLabel: "Admin password" }, h("h2", "Admin password"),
      h("p", open ? "There is no password yet, so only this machine may use this page. To open it to others, set one on the server; this page then asks for it:"
        : "It is changed on the server; that ends every session:"), command()));

  const line = ({ id }) => {
    const words = h("div.words");
    const when = h("span.hint");
    const how = h("span.how");
    const element = h("li.check", words, when, how);
    element.update = ({ status, detail, checked_at: at }) => {
      fill(words, h("b", names[id] ?? id), detail && h("span.hint", detail));
      fill(when, at ? ["Checked ", time(at)] : "Not asked yet");
      fill(how, chip(!at && status === "ok" ? ["off", "Not asked yet"] : looks[status]));
    };
    return element;
  };
  function draw() {
    if (!state.health) return;
    const { status, version, checks, asked } = state.health;
    const program = { id: "program", status: statuses[status], detail: `Version ${version}`, checked_at: asked };
    const rows = [program, ...Object.entries(checks).map(([id, check]) => ({ id, ...check }))];
    fill(said, looks[program.status][2]);
    keep(list, rows.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status)), line);
  }
  watch("health", draw, signal);
  draw();
  return { root, title: "System" };
}
