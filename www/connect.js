// Connecting: paste a token, see whose it is, save. The token leaves its field at once and lives in one variable
// until it is saved, given up, ten minutes old, or the session ends.
import { call } from "./api.js";
import { actions, find, missing, onSubmit, section, showErrors, toast, write } from "./dom.js";
import { put, say, state, watch } from "./state.js";
import { quoted, sentence } from "./words.js";

const root = section("connect");
const [verify, save] = root.querySelectorAll("form");
const { access_token: field, account_label: label } = verify.elements;
const waiting = find("[data-waiting]", root);
const saved = find("[data-saved]", root);
const hint = field.placeholder;
let token = "";
let timer;

function hold(value) {
  clearTimeout(timer);
  token = value;
  field.value = "";
  field.placeholder = token ? "Received, kept until you save" : hint;
  if (token) timer = setTimeout(forget, 600_000);
}

function forget() {
  hold("");
  save.reset();
  save.hidden = true;
  waiting.hidden = !saved.hidden;
}

watch("forget", forget);
addEventListener("pagehide", forget);

onSubmit(verify, async () => {
  const pasted = field.value.trim();
  saved.hidden = true;
  if (pasted) {
    forget();
    hold(pasted);
  }
  if (!token) throw missing("access_token", "Paste a token first.");
  const person = await call("POST", "verify-user/", { access_token: token, account_label: label.value.trim() || undefined }).catch((error) => {
    // Throttled or not answered: the token may be fine and is kept, so that Verify can be pressed again.
    if (error.status === 400) forget();
    if (error.status === 400 && !error.fields.length) throw missing("access_token", sentence(error));
    throw error;
  });
  if (!token) return; // The session ended meanwhile.
  const known = state.tokens?.find((row) => row.user_id === person.user_id);
  label.value ||= known?.account_label ?? person.user_name;
  write(save, {
    name: person.user_name,
    user: `User id ${person.user_id}`,
    face: [person.profile_picture, person.user_name],
    known: known ? `Already connected as ${quoted(known.account_label)}: saving replaces its token.` : "Is this the right person? Then save.",
  });
  waiting.hidden = true;
  save.hidden = false;
  find("[data-person]", save).focus();
});

onSubmit(save, async ({ expires_at: { value: expires } }) => {
  const name = label.value.trim();
  if (!name) return showErrors(verify, missing("account_label", "Give it a label, so that you recognise it."));
  const row = await call("POST", "tokens/", {
    access_token: token,
    account_label: name,
    expires_at: expires ? `${expires}T00:00:00Z` : undefined,
  }).catch((error) => {
    if (error.fields.every(([place]) => place === "expires_at")) throw error;
    showErrors(verify, error);
  });
  if (!row) return;
  saved.hidden = false;
  write(saved, { saved: row.account_label });
  verify.reset();
  forget();
  saved.focus();
  toast(`${quoted(row.account_label)} is connected.`);
  put("tokens", [...(state.tokens ?? []).filter(({ id }) => id !== row.id), row].sort((a, b) => a.id - b.id));
  say("connected");
});

actions(root, {
  restart: async () => {
    forget();
    field.focus();
  },
});
