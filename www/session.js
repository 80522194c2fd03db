// Who is looking: sign-in, or the notice of protected mode.
import { actions, call, clock, copyText, find, focusOn, line, onSubmit, put, say, section, state, toast, write, wrong } from "./dom.js";

const { root, form } = section("sign-in");
const notice = section("protected").root;
const app = find("[data-app]");
const { password } = form.elements;
let before; // Where one was when the session ended.

function show(session, why) {
  put("session", session);
  const inside = session.signed_in || session.actor !== null;
  const guarded = session.mode === "protected";
  if (inside && app.hidden) document.body.className = "starting";
  root.hidden = inside || guarded;
  notice.hidden = !guarded;
  app.hidden = find("[data-rail]").hidden = !inside;
  find("[data-who]").hidden = !inside || guarded;
  write(document, {
    why,
    protected: inside ? "There is no password yet, so only this machine may use this page. To open it to others, set one:"
      : "Without a password only the server itself may use this page. Set one there, then reload:",
  });
  say(inside ? "reload" : "forget");
  return inside;
}

function leave(why) {
  show({ ...state.session, signed_in: false, actor: null }, why);
  password.focus();
}

export async function start() {
  try {
    return show(await call("GET", "session/"));
  } catch (error) {
    if (error.status !== 401) throw error;
    return show({ signed_in: false, actor: null, mode: "credentials" }, error.message); // Two cookies of one name.
  }
}

line.addEventListener("signed-out", () => {
  if (app.hidden) return;
  before = { focus: document.activeElement, top: scrollY };
  leave("Your session has ended. What you typed is still there, except tokens.");
});

onSubmit(form, async () => {
  const given = password.value;
  password.value = "";
  const session = await call("POST", "session/", { password: given }).catch((error) => {
    const { status, wait, message } = error;
    if (![403, 429].includes(status)) throw error;
    // A short wait is for a place; a long one is a lock-out.
    throw wrong("password", status === 403 || wait < 60 ? message : `Too many failed attempts. Try again after ${clock(Date.now() + wait * 1000)}.`);
  });
  show(session);
  toast("Signed in.");
  focusOn(before?.focus ?? find("#accounts h2"));
  scrollTo(0, before?.top ?? 0);
  before = null;
});

actions(find("[data-who]"), {
  leave: async () => {
    await call("DELETE", "session/");
    leave("You are signed out.");
  },
});

actions(notice, { copy: () => copyText(find("code", notice).textContent) });
