// Who is looking: sign-in, protected mode, and what happens when either ends.
import { call, line } from "./api.js";
import { fill, focusOn, h } from "./dom.js";
import { button } from "./parts.js";
import { forget, put, say, state, tellTabs, watch } from "./store.js";

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
  fill(who, session.inside && (session.mode === "protected" ? h("a.hint", { href: "#/system", title: "Only this machine may use this page until a password is set." }, "No password yet") : button("Sign out", leave, { look: ".quiet" })));
  if (!session.inside) return before?.inside === false ? null : gate(session, before);
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

async function gate(session, before) {
  if (before) {
    kept = { nodes: [...main.childNodes], focus: document.activeElement, top: scrollY, hash: location.hash };
    main.replaceChildren();
    say("secrets");
  }
  const { signIn, closed } = await import("./gate.js");
  if (state.session !== session) return;
  if (session.mode === "protected") return fill(main, closed());
  fill(main, signIn(session.why ?? (!before ? "" : before.mode === "protected" ? "A password protects this page now. What you typed is still there, except tokens."
    : "Your session has ended. What you typed is still there, except tokens."), enter));
  main.querySelector("input").focus();
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
