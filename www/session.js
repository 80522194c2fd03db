// Who is looking: sign-in, protected mode, and what happens when either ends.
import { call, line, wrong } from "./api.js";
import { fill, focusOn, h } from "./dom.js";
import { button, copyText, field, onSubmit, toast } from "./parts.js";
import { forget, put, say, state, tellTabs, watch } from "./store.js";
import { clock } from "./words.js";

const main = document.querySelector("[data-main]");
const nav = document.querySelector("[data-nav]");
const who = document.querySelector("[data-who]");
let kept; // What stood in the page when the session ended by itself; shown again after signing in.

/** The program's answer, and whether one is inside. */
function enter(session) {
  const before = state.session;
  session.inside = session.signed_in || session.actor !== null;
  put("session", session);
  nav.hidden = !session.inside;
  fill(who, session.inside && (session.mode === "protected" ? h("a.hint", { href: "#/system" }, "This machine only") : button("Sign out", leave, { look: ".quiet" })));
  if (!session.inside) return gate(session, before?.inside ? before : null);
  // A password may have been set meanwhile, or nothing has changed.
  if (before?.inside && before.actor === session.actor && before.mode === session.mode) return;
  if (kept?.hash === location.hash) {
    fill(main, ...kept.nodes);
    focusOn(kept.focus?.isConnected ? kept.focus : main);
    scrollTo(0, kept.top);
    kept = null;
    say("refresh");
  } else {
    say("forget");
    say("inside");
  }
}

export async function start() {
  try {
    return enter(await call("GET", "session/"));
  } catch (error) {
    if (error.status !== 401) throw error;
    return enter({ signed_in: false, actor: null, mode: "credentials", why: error.message }); // Two cookies of one name.
  }
}

function gate(session, before) {
  if (session.mode === "protected") return fill(main, closed());
  if (before) {
    kept = { nodes: [...main.childNodes], focus: document.activeElement, top: scrollY, hash: location.hash };
    say("secrets");
  }
  fill(main, form(session.why ?? (!before ? "" : before.mode === "protected" ? "A password protects this page now. What you typed is still there, except tokens."
    : "Your session has ended. What you typed is still there, except tokens.")));
  main.querySelector("input").focus();
}

function form(why) {
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password" });
  return h("section.sign-in", { ariaLabel: "Sign in" }, onSubmit(h("form.panel.stack",
    h("h1", "Sign in"),
    h("p.hint", { role: "status" }, why),
    field("Admin password", password),
    h("p.row", h("button.primary", { type: "submit" }, "Sign in")),
    h("p.hint", "Forgotten? On the server: ", h("code", "metactl admin set-password"))), async () => {
    const given = password.value;
    password.value = "";
    const session = await call("POST", "session/", { password: given }).catch((error) => {
      const { status, wait, message } = error;
      if (![403, 429].includes(status)) throw error;
      // A short wait is for a place; a long one is a lock-out.
      throw wrong("password", status === 403 || wait < 60 ? message : `Too many failed attempts. Try again after ${clock(Date.now() + wait * 1000)}.`);
    });
    tellTabs("tab-signed-in");
    enter(session);
    toast("Signed in.");
  }));
}

/** Nobody may look: no credential exists, and this is not the machine itself. */
const closed = () => h("section.notice", { ariaLabel: "Protected mode" }, h("h1", "Protected mode"),
  h("p", "Without a password only the server itself may use this page. Set one there, then reload:"), command());

export function command() {
  const text = h("code", "metactl admin set-password");
  // In the demo metactl stands in no folder that a shell looks in.
  import("./command.js").then(({ metactl }) => fill(text, `${metactl} admin set-password`), () => {});
  return h("p.row", text, button("Copy", () => copyText(text.textContent), { label: "Copy the command" }));
}

function out(why) {
  kept = null;
  forget();
  state.session = null;
  enter({ signed_in: false, actor: null, mode: "credentials", why });
}

async function leave() {
  await call("DELETE", "session/");
  tellTabs("tab-signed-out");
  out("You are signed out.");
}

line.addEventListener("signed-out", () => {
  if (state.session?.inside) enter({ signed_in: false, actor: null, mode: "credentials" });
});
watch("tab-signed-out", () => state.session?.inside && out("You signed out in another tab."));
watch("tab-signed-in", () => state.session && !state.session.inside && start());
