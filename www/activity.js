// Activity: the audit rows, as sentences.
import { call } from "./api.js";
import { fill, h } from "./dom.js";
import { button, head, name, problem, skeletons, time } from "./parts.js";
import { addressOf, state, watch } from "./store.js";
import { folded, seeker } from "./words.js";

const says = {
  "token.add": ["", "was connected"], "token.replace": ["The token of ", "was replaced"], "token.change": ["", "was changed"], "token.remove": ["", "was deleted"],
  "token.check": ["", "was checked"], "token.refresh": ["The token of ", "was extended"], "token.expire": ["The token of ", "has ended"], "token.refused": ["Meta refuses the token of ", ""],
  "mapping.remove": ["", "was removed"],
};
const alone = {
  "session.sign-in": "Somebody signed in", "session.sign-out": "Somebody signed out", "session.refused": "A sign-in was refused", "session.locked": "An address is locked out after too many wrong passwords",
  "session.narrowed": "Too many wrong passwords: sign-ins are taken one at a time", "admin.set-password": "The admin password was set", "admin.reset": "All credentials were removed",
  "apikey.create": "A key was made", "apikey.revoke": "A key was revoked", "key.rotate": "The tokens were encrypted with a new key", "key.prune": "Old encryption keys were removed", "key.accept": "An encryption key was accepted",
};

/** [before, name, address, after] of an event; what is gone is called by its number. */
function tell({ action, subject, result }) {
  const [kind, number] = (subject ?? "").split(" ");
  const id = Number(number);
  const mapping = kind === "mapping" && state.mappings?.find((row) => row.id === id);
  const token = kind === "token" && state.tokens?.find((row) => row.id === id);
  if (action === "mapping.sync") {
    return mapping ? ["", mapping.client_id, addressOf(mapping.client_id), ` ${result === "created" ? "was mapped to" : "is mapped anew to"} ${mapping.fb_page_name ?? mapping.fb_page_id}`] : ["", `Client mapping ${id}`, null, " was made; it is gone now"];
  }
  const [before, after] = says[action] ?? [];
  if (before === undefined) return [alone[action] ?? `${action.replace(/[._-]/g, " ")}${subject ? `: ${subject}` : ""}`, "", null, alone[action] || !result ? "" : ` (${result})`];
  const what = mapping ? mapping.client_id : token ? token.account_label : kind === "token" ? `account ${id}` : `client mapping ${id}`;
  const address = mapping ? addressOf(mapping.client_id) : token ? `#/accounts/${id}` : null;
  return [before, before || address ? what : what[0].toUpperCase() + what.slice(1), address, after && ` ${after}`];
}

export function mount(route, signal) {
  let rows = [];
  let next = 0;
  let isAsking = false;
  const search = h("input", { type: "search", ariaLabel: "Search activity", placeholder: "Client, account, who or what", value: route.query.get("q") ?? "", autocomplete: "off" });
  const kind = h("select", { ariaLabel: "Show", onchange: draw }, [["", "Everything"], ["mapping", "Clients"], ["token", "Accounts"], ["session", "Sign-ins"]].map(([value, text]) => h("option", { value }, text)));
  const list = h("ol.rows.panel.flush", { ariaLabel: "Activity" }, skeletons(8, ".line-high"));
  const empty = h("p.empty", { hidden: true });
  const trouble = h("div");
  const more = button("Show older", () => ask(next), { more: { hidden: true } });
  const end = h("p.middle", more);
  const root = h("section", { ariaLabel: "Activity" }, head("Activity"), h("div.row.tools", h("span.searching", search), kind), trouble, list, empty, end);

  async function ask(after) {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await call("GET", `events/?limit=50${after ? `&after=${after}` : ""}`);
      if (signal.aborted) return;
      const fresh = new Set(answer.events.map(({ id }) => id));
      rows = after ? rows.concat(answer.events) : [...answer.events, ...rows.filter(({ id }) => !fresh.has(id))];
      if (after || !next) next = answer.next ?? null;
      fill(trouble);
      draw();
    } catch (error) {
      if (signal.aborted || error.status === 401) return;
      if (!rows.length) list.replaceChildren();
      fill(trouble, problem(error, () => ask(after)));
    } finally {
      isAsking = false;
    }
  }

  function draw() {
    const fits = seeker(search.value);
    const shown = rows.map((row) => ({ row, said: tell(row) }))
      .filter(({ row, said }) => (!kind.value || row.action.startsWith(kind.value)) && fits(folded(...said.map(String), row.actor, row.action, row.address ?? "")));
    list.replaceChildren(...shown.map(({ row, said: [before, what, address, after] }) => h("li.event", { className: `event ${/refused|locked|expire/.test(row.action) ? "odd" : ""}` },
      h("p", before, what && (address ? h("a", { href: address }, name(what)) : h("b", name(what))), after, h("span.hint", ", by ", h("bdi", row.actor), row.address && row.actor !== "this machine" ? ` from ${row.address}` : "")),
      h("span.hint", time(row.at)))));
    list.hidden = !shown.length;
    empty.hidden = shown.length > 0;
    fill(empty, rows.length ? "Nothing fits." : "Nothing has been changed yet.");
    more.hidden = !next;
  }

  const eye = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && next && rows.length < 2000 && ask(next), { rootMargin: "300px" });
  eye.observe(end);
  signal.addEventListener("abort", () => eye.disconnect());
  search.oninput = draw;
  watch("newest", () => ask(0), signal);
  watch("mappings tokens", draw, signal);
  ask(0);
  return { root, title: "Activity" };
}
