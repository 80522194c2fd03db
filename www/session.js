// Who is looking: the sign-in form, or the notice of protected mode. Knows when a session ended in mid-work.
import { call, line } from "./api.js";
import { clearErrors, copyText, find, onSubmit, section, showErrors, toast, write } from "./dom.js";
import { put, say, state } from "./state.js";
import { clock, parseTime } from "./words.js";

const signIn = section("sign-in");
const form = find("form", signIn);
const notice = section("protected");
const app = find("[data-app]");
let before = null; // Where one was when the session ended.
let lockTimer;

const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

function show(session, why = "") {
  put("session", session);
  const inside = session.signed_in || session.actor !== null;
  const guarded = session.mode === "protected";
  signIn.hidden = inside || guarded;
  notice.hidden = !guarded;
  app.hidden = find("[data-rail]").hidden = !inside;
  const until = parseTime(session.expires_at);
  find("[data-who]").hidden = !inside || guarded;
  write(document, {
    why,
    who: until ? `Signed in until ${clock(until)}` : "Signed in",
    protected: inside
      ? "There is no password yet, so only this machine may use this page. Set one on the server to open it to others:"
      : "This installation is new and closed: there is no password yet, and only the server itself may use this page. Set one there, then reload:",
  });
  if (inside) {
    say("reload");
  } else {
    say("forget");
  }
  return inside;
}

export async function start() {
  return show(await call("GET", "session/"));
}

line.addEventListener("signed-out", () => {
  if (!state.session || app.hidden) return;
  before = { focus: document.activeElement, scroll: scrollY };
  show({ ...state.session, signed_in: false, actor: null }, "Your session has ended. Sign in again; what you typed is still there, except tokens.");
  form.elements.password.focus();
});

onSubmit(form, async ({ password }) => {
  clearInterval(lockTimer);
  const given = password.value;
  password.value = "";
  let session;
  try {
    session = await call("POST", "session/", { password: given });
  } catch (error) {
    if (error.status === 429) return locked(error.retryAfter);
    if (error.status === 403 && !error.fields.length) {
      error.fields.push(["password", [error.message === "Wrong password." ? "That is not the password." : error.message]]);
    }
    throw error;
  }
  show(session);
  toast("Signed in.");
  if (before) {
    scrollTo(0, before.scroll);
    before.focus?.focus({ preventScroll: true });
    before = null;
  } else {
    find("#accounts-title").focus({ preventScroll: true });
  }
});

function locked(seconds) {
  const end = Date.now() + seconds * 1000;
  const summary = find("[data-summary]", form);
  const tell = () => {
    const left = Math.ceil((end - Date.now()) / 60_000);
    summary.textContent = left > 0
      ? `Too many failed attempts from your address. You can sign in again in ${left} min, at ${clock(new Date(end))}.`
      : "";
    if (left <= 0) clearInterval(lockTimer);
  };
  tell();
  summary.focus();
  lockTimer = setInterval(tell, 15_000);
}

find("[data-sign-out]").addEventListener("click", async () => {
  try {
    await call("DELETE", "session/");
    before = null;
    clearErrors(form);
    show({ ...state.session, signed_in: false, actor: null }, "You are signed out.");
    form.elements.password.focus();
  } catch (error) {
    toast(error.message);
  }
});

find("[data-copy]", notice).addEventListener("click", () => copyText(find("[data-copy-source]", notice).textContent));

export { local, showErrors };
