// What is wrong, in one list: each with its remedy and the way to it. The tab's title and picture tell it too.
import { h } from "./dom.js";
import { accountState, isOff, lacking, state, watch } from "./store.js";
import { count, missingText, plain, quoted, reasonText, relative } from "./words.js";

const checks = { database: "The database", key: "The encryption key", cache: "The cache", graph: "Meta’s Graph API" };

/** [{look, text, hint, link, href}], what is broken first. */
export function troubles() {
  const { health, tokens = [], clients = [] } = state;
  const found = [];
  for (const [id, { status, detail }] of Object.entries(health?.checks ?? {})) {
    if (status !== "ok") found.push({ look: status === "error" ? "bad" : "warn", text: `${checks[id] ?? id}: ${detail ?? "needs attention"}`, link: "See the checks", href: "#/system" });
  }
  for (const row of tokens) {
    const [look, word] = accountState(row);
    if (look === "ok" || isOff(row)) continue;
    const used = clients.filter(({ account }) => account?.id === row.id).length;
    const who = quoted(row.account_label);
    const ends = [row.expires_at, row.data_access_expires_at].filter(Boolean).sort()[0];
    found.push({
      look, href: `#/accounts/${row.id}`, link: look === "bad" || word === "Ends soon" ? "Replace the token" : "See the account",
      text: word === "Ends soon" ? `${who} ends ${relative(ends)}` : `${who}: ${word.toLowerCase()}`,
      hint: [used && `${count(used, "client")} ${used === 1 ? "depends" : "depend"} on it.`, word === "Permissions missing" ? lacking(row).map(missingText).join(" ") : reasonText(row.status_reason)].filter(Boolean).join(" "),
    });
  }
  const alone = clients.filter(({ row, account }) => row.ig_account_id && !account && state.tokens);
  if (alone.length) found.push({ look: "warn", text: `${count(alone.length, "client")} without an account`, hint: "They are served as long as Meta keeps their Page’s own token. Map them again with a connected account.", link: "Show them", href: "#/?show=trouble" });
  const failing = clients.filter(({ look: [, word] }) => word === "Fails");
  if (failing.length) found.push({ look: "bad", text: `The pictures of ${failing.length === 1 ? quoted(failing[0].id) : count(failing.length, "client")} cannot be fetched`, link: "Show them", href: "#/?show=trouble" });
  return found.sort((a, b) => (a.look === "bad" ? 0 : 1) - (b.look === "bad" ? 0 : 1));
}

export function watchTrouble(badge, icon) {
  watch("tokens mappings health session place", () => {
    const found = state.session?.inside ? troubles() : [];
    badge.textContent = found.length || "";
    badge.className = `badge ${found[0]?.look ?? ""}`;
    document.title = `${found.length ? `(${found.length}) ` : ""}${plain(state.place ? `${state.place} · ` : "")}Meta Module`;
    const picture = found.length ? "favicon-trouble.svg" : "favicon.svg";
    if (icon.getAttribute("href") !== picture) icon.href = picture;
  });
}

/** The line above the clients: all is well, or what is not; open at first where there is room. */
export function troubleList(signal) {
  const root = h("section.troubles", { ariaLabel: "Trouble" });
  let before;
  const show = () => {
    const found = troubles();
    const text = JSON.stringify([found, !state.health]);
    if (text === before) return;
    before = text;
    const isOpen = root.querySelector("details")?.open ?? (found.length < 4 && innerWidth > 767);
    root.classList.toggle("some", found.length > 0);
    root.replaceChildren(found.length ? h("details", { open: isOpen },
      h("summary", h(`span.dot.${found[0].look}`, h("b", count(found.length, "thing needs you", "things need you"))), h("span.hint.first", found[0].text)),
      h("ul", found.map(({ look, text: what, hint, link, href }) => h("li.trouble", h(`span.dot.${look}`, h("span.unseen", look === "bad" ? "Broken:" : "Soon:")),
        h("p", h("b", what), hint && h("span.hint", ` ${hint}`)), h("a", { href, ariaLabel: `${link}: ${plain(what)}` }, link)))))
      : h("p.well", h("span.dot.ok", state.health ? "All is well." : "Asking …")));
  };
  watch("tokens mappings health", show, signal);
  show();
  return root;
}
