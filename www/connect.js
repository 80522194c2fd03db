// Connecting: paste a token, see whose it is, save. The token leaves its field at once and lives in one variable
// until it is saved, given up, ten minutes old, or the session ends.
import { call } from "./api.js";
import { avatar, clearErrors, find, missing, onSubmit, section, showErrors, toast, write } from "./dom.js";
import { put, say, state, watch } from "./state.js";
import { quoted, sentence } from "./words.js";

const root = section("connect");
const verify = find('[data-form="verify"]', root);
const save = find('[data-form="save"]', root);
const field = verify.elements.access_token;
const label = verify.elements.account_label;
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
  save.hidden = true;
  save.reset();
  waiting.hidden = !saved.hidden;
}

watch("forget", forget);
addEventListener("pagehide", forget);

// Typing a new token makes the old confirmation void.
field.addEventListener("input", () => {
  if (!token && save.hidden && saved.hidden) return;
  const typed = field.value;
  saved.hidden = true;
  forget();
  field.value = typed;
});

onSubmit(verify, async () => {
  const pasted = field.value.trim();
  saved.hidden = true;
  if (pasted) {
    forget();
    hold(pasted);
  }
  if (!token) throw missing("access_token", "Paste a token first.");
  let person;
  try {
    person = await call("POST", "verify-user/", { access_token: token, account_label: label.value.trim() || undefined });
  } catch (error) {
    // Throttled or not answered: the token may be fine and is kept, so that Verify can be pressed again.
    if (error.status !== 429 && error.status < 500 && error.status !== 0) forget();
    if (error.fields && !error.fields.length && error.status === 400) error.fields.push(["access_token", [sentence(error)]]);
    throw error;
  }
  const known = state.tokens?.find((row) => row.user_id === person.user_id);
  if (!label.value.trim()) label.value = known?.account_label ?? person.user_name;
  write(save, {
    name: person.user_name,
    user: person.user_id,
    known: known ? `Already connected as ${quoted(known.account_label)}: saving replaces its token.` : "Is this the right person? Then save.",
  });
  avatar(find("[data-avatar]", save), person.profile_picture, person.user_name);
  waiting.hidden = true;
  save.hidden = false;
  find("[data-person]", save).focus();
});

onSubmit(save, async ({ expires_at: expires }) => {
  clearErrors(verify);
  const name = label.value.trim();
  if (!name) return showErrors(verify, missing("account_label", "Give it a label, so that you recognise it."));
  const body = { access_token: token, account_label: name };
  if (expires.value) body.expires_at = `${expires.value}T00:00:00Z`;
  let row;
  try {
    row = await call("POST", "tokens/", body);
  } catch (error) {
    if (error.fields?.some(([place]) => place !== "expires_at")) return showErrors(verify, error);
    throw error;
  }
  const others = (state.tokens ?? []).filter((other) => other.id !== row.id);
  put("tokens", [...others, row].sort((a, b) => a.id - b.id));
  say("connected");
  forget();
  verify.reset();
  waiting.hidden = true;
  saved.hidden = false;
  write(saved, { saved: row.account_label });
  saved.focus();
  toast(`${quoted(row.account_label)} is connected.`);
});

find("[data-start-over]", root).addEventListener("click", () => {
  forget();
  field.focus();
});
