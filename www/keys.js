// Keys: what sites ask with. A key is shown once, when it is made.
import { call, listAll } from "./api.js";
import { field, onSubmit } from "./controls.js";
import { fill, focusOn, h, keep } from "./dom.js";
import { button, copyButton, head, name, problem, skeletons, time, toast } from "./parts.js";
import { command } from "./gate.js";
import { state } from "./store.js";
import { count, plain, quoted } from "./words.js";

const scopes = { read: "Read: what a site shows", metrics: "Metrics: what a monitor asks", admin: "Admin: everything" };

export function mount(route, signal) {
  let keys = [];
  const label = h("input", { name: "label", maxLength: 255, autocomplete: "off", placeholder: "Website" });
  const scope = h("select", { name: "scope", onchange: () => (binding.hidden = scope.value !== "read") }, Object.entries(scopes).map(([value, text]) => h("option", { value }, text)));
  const bound = h("input", { name: "client_ids", autocomplete: "off", placeholder: "client_001, client_002" });
  const binding = field("Only for clients (optional)", bound, "Their ids, divided by commas. For the key, no other client exists.");
  const fresh = h("div", { role: "status" });
  const list = h("ul.rows.panel.flush", { ariaLabel: "Keys" }, skeletons(2, ".line-high"));
  const empty = h("p.empty", { hidden: true }, "No key yet. Each site gets one of its own, so that each can be revoked alone.");
  const trouble = h("div");
  const isProtected = state.session.mode === "protected";
  const form = onSubmit(h("form.panel.stack", h("div.columns", field("Label", label, "Which site or program it is for."), field("It may", scope), binding),
    h("p.row", h("button.primary", { type: "submit" }, "Make a key"))), async () => {
    const ids = bound.value.split(",").map((id) => id.trim()).filter(Boolean);
    const row = await call("POST", "apikeys/", { label: label.value, scope: scope.value, client_ids: scope.value === "read" && ids.length ? ids : undefined });
    form.reset();
    binding.hidden = false;
    const shown = h("div.notice.stack.tight", h("h2", { tabIndex: -1 }, `The key ${quoted(row.label)}`), h("p", "It is shown only now. Copy it to where it is needed; a lost one is replaced by a new one."),
      h("pre", { tabIndex: 0 }, row.key), h("p.row", copyButton(row.key, "Copy the key"), button("Done", () => (fill(fresh), label.focus()))));
    fill(fresh, shown);
    focusOn(shown.querySelector("h2"));
    await load();
  });
  const root = h("section", { ariaLabel: "Keys" }, head("Keys", "What sites and programs ask with."),
    isProtected ? h("div.notice.stack.tight", h("p", "Set an admin password first. The first key ends the mode in which this machine needs none, and this page would then ask for a password that does not exist."), command()) : [form, fresh],
    trouble, list, empty);
  // A secret does not outlive the view or the session.
  signal.addEventListener("abort", () => fill(fresh));

  async function load() {
    try {
      await listAll("apikeys", (rows) => (keys = rows));
      if (signal.aborted) return;
      fill(trouble);
      draw();
    } catch (error) {
      if (signal.aborted || error.status === 401) return;
      list.replaceChildren();
      fill(trouble, problem(error, load));
    }
  }
  function draw() {
    list.hidden = !keys.length;
    empty.hidden = keys.length > 0;
    keep(list, keys, (row) => {
      const used = h("span.hint");
      const element = h("li.check", h("div.words", h("b", name(row.label)), h("span.hint", scopes[row.scope] ?? row.scope,
        row.client_ids?.length ? [" · only ", row.client_ids.length > 3 ? count(row.client_ids.length, "client") : h("bdi", row.client_ids.join(", "))] : null)), used,
      button("Revoke", async () => {
        const next = element.nextElementSibling ?? element.previousElementSibling;
        await call("DELETE", `apikeys/${row.id}/`);
        toast(`The key ${quoted(row.label)} is revoked.`);
        await load();
        focusOn(next?.querySelector("b") ?? root.querySelector("h1"));
      }, { look: ".danger", ask: () => "Revoke?", label: `Revoke ${plain(row.label)}` }));
      element.update = ({ last_used_at: at }) => fill(used, at ? ["Used ", time(at)] : "Never used");
      return element;
    });
  }
  load();
  return { root, title: "Keys" };
}
