// Forms, menus, trouble: what the first view does without while all is well.
import { accountState, addressOf, alert, busy, button, call, change, clock, count, endOf, fill, focusOn, h, isOff, lacking, number, plain, problem, quoted, reasons, relative, say, sentence, set, state, tellTabs, toast, wrong } from "./kit.js";

export const chip = ([look, word]) => h(`span.chip.${look}`, word);
export const skeletons = (amount, look) => Array.from({ length: amount }, () => h(`li.skeleton${look}`, { ariaHidden: "true" }));
export const termed = (what, ...value) => h("div", h("dt", what), h("dd", value));
export const go = (look, href, ...text) => h(`a.button${look}`, { href }, text);
export const entry = (name, more) => h("input", { name, autocomplete: "off", ...more });
export const submit = (text) => h("button.primary", { type: "submit" }, text);
export const choice = (texts, more, chosen) => h("select", more, Object.entries(texts).map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
export const afterwards = (element, root) => focusOn((element.nextElementSibling ?? element.previousElementSibling)?.querySelector("h2, b") ?? root.querySelector("h1"));

/** What fails is said in `place`, and tried again from there. */
export async function attempt(place, signal, ask, show, failed) {
  try {
    const found = await ask();
    if (signal.aborted) return;
    fill(place);
    show(found);
  } catch (error) {
    if (signal.aborted || error.status === 401) return;
    failed?.();
    fill(place, problem(error, async () => {
      await attempt(place, signal, ask, show, failed);
      focusOn(document.querySelector("h1"));
    }));
  }
}

/** Without HTTPS the text can be marked. */
export const copyButton = (text, what, label) => button(what, async () => toast((await navigator.clipboard?.writeText(text()).then(() => "Copied.", () => null)) ?? text()), { label });

/** Asks in place before what cannot be undone; a double click is no answer. */
export const sure = (ask) => (element, { detail }) => {
  if (detail > 1) return false;
  if (element.dataset.asked) return true;
  const question = ask();
  const { textContent, ariaLabel } = element;
  const back = () => {
    set(element, { textContent, ariaLabel, onblur: null, onkeydown: null });
    element.classList.remove("armed");
    delete element.dataset.asked;
  };
  element.focus();
  element.classList.add("armed");
  element.dataset.asked = "yes";
  set(element, {
    textContent: question, ariaLabel: null, onblur: back,
    onkeydown: (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      back();
    },
  });
  toast(`${question} Press once more. Escape keeps it.`);
};

export function menu(label, ...items) {
  const box = h("details.menu", h("summary", { ariaLabel: label, title: label }, "⋯"), h("div.items", items));
  const shut = () => {
    if (box.contains(document.activeElement)) box.firstElementChild.focus();
    box.open = false;
  };
  box.dataset.menu = "";
  box.onkeydown = ({ key }) => void (key === "Escape" && box.open && shut());
  box.onclick = ({ target }) => void (target.closest("button") && !target.closest("[data-asked]") && shut());
  return box;
}
addEventListener("click", ({ target }) => {
  for (const box of document.querySelectorAll("[data-menu][open]")) if (!box.contains(target)) box.open = false;
});

let fields = 0;

export function field(label, input, hint) {
  input.id ||= `field-${++fields}`;
  const help = hint && h("span.hint", { id: `${input.id}-hint` }, hint);
  input.setAttribute("aria-describedby", `${input.id}-error ${input.id}-hint`);
  return h("div.field", h("label", { htmlFor: input.id }, label), input, help);
}

export function showErrors(form, error) {
  clearErrors(form);
  let first;
  for (const [key, messages] of error.fields ?? []) {
    const input = [...form.elements].find((one) => one.name === key);
    if (!input) continue;
    input.after(h("span.error", { id: `${input.id}-error`, role: "alert" }, complaint(key, messages)));
    input.ariaInvalid = "true";
    first ??= input;
  }
  if (!first) {
    first = alert(sentence(error));
    (form.querySelector("[type=submit]")?.parentElement ?? form.lastElementChild).before(first);
  }
  if (error.status !== 401) focusOn(first);
}

function clearErrors(form) {
  for (const said of form.querySelectorAll("[role=alert]")) said.remove();
  for (const input of form.elements) input.ariaInvalid = null;
}

export function onSubmit(form, work) {
  form.noValidate = true;
  form.onsubmit = (event) => {
    event.preventDefault();
    busy(event.submitter ?? form, async () => {
      clearErrors(form);
      await work(form.elements);
    }, (error) => showErrors(form, error));
  };
  return form;
}

const complaint = (field, messages) => messages.map((message) => !message.includes("required pattern") ? message : {
  client_id: "A client id has no slash and no line break, and is not “.” or “..”.",
  access_token: "A token has only letters, digits and signs. Was something else copied with it?",
  account_label: "A label has no line breaks.",
}[field] ?? "This cannot be used here.").join(" ");

export async function fourAtATime(all, work, each) {
  const queue = [...all];
  let done = 0;
  const one = async () => {
    for (let next; (next = queue.shift());) {
      await work(next);
      each(`${number(++done)} of ${number(all.length)} …`);
    }
  };
  await Promise.all([one(), one(), one(), one()]);
  say("refresh");
}

Object.assign(reasons, {
  expired: "The token has expired. Make a new one in Meta’s Graph API Explorer.",
  password_changed: "The owner’s Facebook password was changed, which ends every token.",
  app_removed: "The owner removed the app and must allow it again.",
  revoked: "The token was revoked, or its owner logged out.",
  login_required: "Facebook wants its owner to log in once; then the same token works again.",
  invalid: "Meta does not accept this token. Was it copied whole? Otherwise make a new one.",
  not_extended: "Meta gives no longer-lived token for it. Its owner has to log in again before it ends.",
  other_app: "The token was made for another app than this installation’s.",
  wrong_kind: "This is no user’s token. Paste that of a user who has a role on the Page.",
  rate_limited: "Meta has asked not to be called for it for a while. “Check now” tries all the same.",
  key_missing: "The key that encrypted this token is missing on the server. Bring it back, or replace the token.",
});

const broken = {
  pages_show_list: "its Pages cannot be listed",
  pages_read_engagement: "Pages and their Instagram accounts cannot be read",
  instagram_basic: "Instagram profiles and grids cannot be read",
  business_management: "Pages of a Business portfolio are not listed",
};
export const missingText = (scope) => `Without ${scope}, ${broken[scope] ?? "what depends on it fails"}.`;

export const parts = { program: "Program", database: "Database", key: "Encryption key", cache: "Cache", graph: "Meta’s Graph API" };

export function troubles() {
  const { health, tokens = [], clients = [] } = state;
  const found = [];
  const add = (look, text, link, href, hint) => found.push({ look, text, link, href, hint });
  for (const [id, { status, detail }] of Object.entries(health?.checks ?? {})) {
    if (status !== "ok") add(status === "error" ? "bad" : "warn", `${parts[id] ?? id}: ${detail ?? "needs attention"}`, "See the checks", "#/system");
  }
  for (const row of tokens) {
    const [look, word] = accountState(row);
    if (look === "ok" || isOff(row)) continue;
    const used = clients.filter(({ account }) => account?.id === row.id).length;
    const who = quoted(row.account_label);
    const ends = word === "Ends soon";
    add(look, ends ? `${who} ends ${relative(endOf(row))}` : `${who}: ${word.toLowerCase()}`, look === "bad" || ends ? "Replace the token" : "See the account", `#/accounts/${row.id}`,
      `${used ? `${count(used, "client depends", "clients depend")} on it. ` : ""}${word === "Permissions missing" ? lacking(row).map(missingText).join(" ") : reasons[row.status_reason] ?? ""}`);
  }
  const those = ["Show them", "#/?show=trouble"];
  const alone = clients.filter(({ row, account }) => row.ig_account_id && !account && state.tokens);
  if (alone.length) add("warn", `${count(alone.length, "client")} without an account`, ...those, "They are served as long as Meta keeps their Page’s own token. Map them again with a connected account.");
  const failing = clients.filter(({ look: [, word] }) => word === "Fails");
  if (failing.length) add("bad", `The pictures of ${failing.length === 1 ? quoted(failing[0].id) : count(failing.length, "client")} cannot be fetched`, ...those);
  return found.sort((a, b) => (b.look === "bad") - (a.look === "bad"));
}

export function drawTrouble(root) {
  const found = troubles();
  const text = JSON.stringify(found);
  if (root.dataset.drawn === text) return;
  root.dataset.drawn = text;
  const open = root.querySelector("details")?.open ?? (found.length < 4 && innerWidth > 767);
  root.classList.add("some");
  fill(root, h("details", { open },
    h("summary", h(`span.dot.${found[0].look}`, h("b", count(found.length, "thing needs you", "things need you"))), h("span.hint.first", found[0].text)),
    h("ul", found.map(({ look, text: what, hint, link, href }) => h("li.trouble", h(`span.dot.${look}`, h("span.unseen", look === "bad" ? "Broken:" : "Soon:")),
      h("p", h("b", what), h("span.hint", hint && ` ${hint}`)), h("a", { href, ariaLabel: `${link}: ${plain(what)}` }, link))))));
}

export function selection({ bar, chosen, rows, draw, leave }) {
  const many = h("b", { role: "status" });
  const deed = (word, work) => async () => {
    const those = state.clients.filter(({ id }) => chosen.has(id));
    const wrong = [];
    await fourAtATime(those, (client) => work(client).catch((error) => wrong.push(`${quoted(client.id)}: ${error.message}`)), (text) => fill(many, text));
    draw();
    if (wrong.length) throw new Error(`${count(wrong.length, "client")} could not be ${word}. ${wrong.slice(0, 3).join("; ")}`);
    toast(`${count(those.length, "client")} ${word}.`);
  };
  const remove = deed("removed", ({ rows: theirs }) => removeMappings(theirs));
  const whole = button("", () => {
    for (const { id } of rows()) chosen.add(id);
    draw();
  }, { look: ".quiet" });
  fill(bar, many, whole,
    button("Refresh", deed("refreshed", async ({ row }) => {
      const { refreshed, detail } = await refreshMapping(row);
      if (!refreshed) throw new Error(detail);
    }), { label: "Refresh those chosen" }),
    button("Remove", () => remove().finally(leave), { look: ".danger", may: sure(() => `Remove ${count(chosen.size, "client")}?`), label: "Remove those chosen" }),
    button("Clear", () => {
      chosen.clear();
      draw();
      leave();
    }, { look: ".quiet" }));
  return () => {
    fill(many, `${number(chosen.size)} chosen`);
    whole.hidden = chosen.size >= rows().length;
    fill(whole, `Choose all ${number(rows().length)}`);
  };
}

export async function refreshMapping({ id }) {
  const answer = await call("POST", `mappings/${id}/refresh/`);
  change("mappings", id, answer.mapping);
  return answer;
}

export async function removeMappings(rows) {
  for (const { id } of rows) {
    await call("DELETE", `mappings/${id}/`);
    change("mappings", id, null);
  }
  say("refresh"); // Another may serve now.
}

export function drawSteps(list, [first]) {
  const now = first ? 2 : state.tokens?.length ? 1 : 0;
  fill(list, [["Connect", "Paste the token of somebody who manages the Pages.", "Connect an account", "#/connect"],
    ["Map", "Say which Page belongs to which client.", "Map a client", "#/map"],
    ["Show", "See the grid, and take the line for the client’s site.", "See the grid", first && addressOf(first.id)],
  ].map(([what, why, label, href], index) => h(`li.panel${index < now ? ".done" : index === now ? ".next" : ""}`, h("span.face", { ariaHidden: "true" }, index < now ? "✓" : String(index + 1)),
    h("div", h("h2", what, index < now && h("span.unseen", " – done")), h("p.hint", why)), index === now && go(".primary", href, label))));
}

export function signIn(main, { mode, why }, before, enter) {
  if (mode === "protected") {
    return fill(main, h("section.notice", { ariaLabel: "Protected mode" }, h("h1", "Protected mode"),
      h("p", "Without a password only the server itself may use this page. Set one there, then reload:"), command()));
  }
  why ??= !before ? "" : `${before.mode === "protected" ? "A password protects this page now" : "Your session has ended"}. What you typed is still there, except tokens.`;
  const password = entry("password", { type: "password", autocomplete: "current-password" });
  fill(main, h("section.sign-in", { ariaLabel: "Sign in" }, onSubmit(h("form.panel",
    h("h1", "Sign in"),
    h("p.hint", { role: "status" }, why),
    field("Admin password", password),
    h("p.row", submit("Sign in")),
    h("p.hint", "Forgotten? On the server: ", h("code", "metactl admin set-password"))), async () => {
    const given = password.value;
    password.value = "";
    const session = await call("POST", "session/", { password: given }).catch((error) => {
      const { status, wait, message } = error;
      if (![403, 429].includes(status)) throw error;
      // A short wait is for a place; a long one is a lock-out.
      throw wrong(["password", status === 403 || wait < 60 ? message : `Too many failed attempts. Try again after ${clock(Date.now() + wait * 1000)}.`]);
    });
    tellTabs("tab-signed-in");
    await enter(session);
    toast("Signed in.");
  })));
  password.focus();
}

export function command() {
  const text = h("code", "metactl admin set-password");
  import("./command.js").then(({ metactl }) => fill(text, `${metactl} admin set-password`), () => {});
  return h("p.row", text, copyButton(() => text.textContent, "Copy", "Copy the command"));
}
