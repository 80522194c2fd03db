// Connecting: paste a token, see whose it is, save. The token leaves its field at once.
import { actions, all, call, find, focusOn, onSubmit, put, quoted, say, section, sentence, showErrors, state, toast, watch, write, wrong } from "./dom.js";

const { root } = section("connect");
const [verify, save] = all("form", root);
const { access_token: field, account_label: label } = verify.elements;
const waiting = find("[data-waiting]", root);
let token = "";

function hold(value = "") {
  token = value;
  field.value = "";
  field.placeholder = token ? "Received, kept until you save" : "EAAG…";
  save.reset();
  save.hidden = true;
  waiting.hidden = false;
}

watch("forget", () => hold());
addEventListener("pagehide", () => hold());

onSubmit(verify, async () => {
  hold(field.value.trim() || token);
  const person = await call("POST", "verify-user/", { access_token: token, account_label: label.value || undefined }).catch((error) => {
    // Throttled or not answered: kept for another Verify.
    if (error.status !== 400) throw error;
    hold();
    throw error.fields.length ? error : wrong("access_token", sentence(error));
  });
  if (!token) return; // Session ended.
  const known = state.tokens?.find((row) => row.user_id === person.user_id);
  label.value ||= known?.account_label ?? person.user_name;
  write(save, {
    ...person,
    face: [person.profile_picture, person.user_name],
    known: known ? `Already connected as ${quoted(known.account_label)}: saving replaces its token.` : "Is this the right person? Then save.",
  });
  waiting.hidden = true;
  save.hidden = false;
  focusOn(find("[data-person]", save));
});

onSubmit(save, async ({ expires_at: { value: day } }) => {
  const body = { access_token: token, account_label: label.value, expires_at: day ? `${day}T00:00:00Z` : undefined };
  const row = await call("POST", "tokens/", body).catch((error) => {
    if (!error.fields.some(([name]) => verify.elements[name])) throw error;
    showErrors(verify, error);
  });
  if (!row) return;
  verify.reset();
  hold();
  focusOn(find("#map h2"));
  toast(`${quoted(row.account_label)} is connected. Next: map a client.`);
  put("tokens", [...(state.tokens ?? []).filter(({ id }) => id !== row.id), row].sort((a, b) => a.id - b.id));
  say("connected");
});

actions(root, {
  restart: async () => {
    hold();
    field.focus();
  },
});
