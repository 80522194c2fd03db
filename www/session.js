// Who is looking: the sign-in form, or the notice of protected mode. Notices when a session ends in mid-work.
import { call, line } from "./api.js";
import { actions, copyText, find, missing, onSubmit, section, toast, write } from "./dom.js";
import { put, say, state } from "./state.js";
import { clock, parseTime } from "./words.js";

const form = find("form", section("sign-in"));
const app = find("[data-app]");
let before = null; // Where one was when the session ended.

function show(session, why = "") {
  put("session", session);
  const inside = session.signed_in || Boolean(session.actor);
  const guarded = session.mode === "protected";
  section("sign-in").hidden = inside || guarded;
  section("protected").hidden = !guarded;
  app.hidden = find("[data-rail]").hidden = !inside;
  find("[data-who]").hidden = !inside || guarded;
  const until = parseTime(session.expires_at);
  write(document, {
    why,
    who: until ? `Signed in until ${clock(until)}` : "Signed in",
    protected: inside ? "There is no password yet, so only this machine may use this page. To open it to others, set one on the server:"
      : "This installation is new and closed: without a password only the server itself may use this page. Set one there, then reload:",
  });
  say(inside ? "reload" : "forget");
  return inside;
}

function leave(why) {
  show({ ...state.session, signed_in: false, actor: null }, why);
  form.elements.password.focus();
}

export const start = async () => show(await call("GET", "session/"));

line.addEventListener("signed-out", () => {
  if (app.hidden) return;
  before = { focus: document.activeElement, top: scrollY };
  leave("Your session has ended. What you typed is still there, except tokens.");
});

onSubmit(form, async ({ password }) => {
  const given = password.value;
  password.value = "";
  if (!given) throw missing("password", "Type the password.");
  let session;
  try {
    session = await call("POST", "session/", { password: given });
  } catch (error) {
    const { status, retryAfter } = error;
    const end = clock(Date.now() + retryAfter * 1000);
    if (status === 403) throw missing("password", error.message === "Wrong password." ? "That is not the password." : error.message);
    if (status === 429) throw missing("password", `Too many failed attempts from your address. Try again after ${end}, in ${Math.ceil(retryAfter / 60)} min.`);
    throw error;
  }
  show(session);
  toast("Signed in.");
  scrollTo(0, before?.top ?? 0);
  (before?.focus ?? find("#accounts h2")).focus({ preventScroll: true });
  before = null;
});

actions(find("[data-who]"), {
  leave: async () => {
    await call("DELETE", "session/");
    leave("You are signed out.");
  },
});

actions(section("protected"), { copy: () => copyText(find("code", section("protected")).textContent) });
