// Mapping: a client id and one of the Pages that the accounts reach. The list is built once per answer of Meta,
// filtering hides and shows; radio buttons bring their keyboard and their screen-reader words with them.
import { call } from "./api.js";
import { actions, copyOf, find, keep, loader, make, missing, onSubmit, section, skeletons, toast, write } from "./dom.js";
import { put, say, state, watch } from "./state.js";
import { folded, number, quoted, seeker } from "./words.js";

const root = section("map");
const form = find("form", root);
const { client_id: client, token_id: account } = form.elements;
const list = find("[data-list]", root);
const filter = find("[data-filter]", root);
const done = find("[data-done]", root);
const elements = new Map();
const keyOf = (page) => `${page.token_id}:${page.fb_page_id}`;
let texts = new Map(); // What is searched in, by key.
let asked = null; // The active accounts that the list was made for.

const active = () => (state.tokens ?? []).filter((row) => row.status === "active");

skeletons(list, 5, "choice");

export const reload = loader(root, async (current) => {
  asked = active().map((row) => row.id);
  const { pages, warnings = [] } = asked.length ? await call("GET", "pages/") : { pages: [] };
  if (!current()) return;
  find("[data-warnings]", root).replaceChildren(...warnings.map(({ account_label: label, detail }) =>
    make("li", `The Pages of ${quoted(label)} are not in this list: ${detail}.`)));
  put("pages", pages);
  if (asked.length) say("marked"); // Asking may have found a token dead.
});

watch("tokens", () => {
  const chosen = account.value;
  account.replaceChildren(account.options[0], ...active().map((row) => Object.assign(make("option", row.account_label), { value: row.id })));
  account.value = active().some((row) => String(row.id) === chosen) ? chosen : "";
  if (!asked) return;
  const ids = active().map((row) => row.id);
  if (ids.some((id) => !asked.includes(id))) return reload();
  if (ids.length < asked.length && state.pages) put("pages", state.pages.filter((page) => ids.includes(page.token_id)));
  asked = ids;
});

watch("connected", reload);

watch("pages", () => {
  texts = new Map(state.pages.map((page) => [keyOf(page), folded(`${page.fb_page_name} ${page.fb_page_id} ${page.account_label}`)]));
  keep(list, state.pages, elements, (page) => {
    const element = copyOf("page");
    find("input", element).value = keyOf(page);
    return element;
  }, (element, page) => write(element, {
    name: page.fb_page_name,
    label: page.account_label,
    id: page.fb_page_id,
    face: [page.fb_page_picture, page.fb_page_name],
    chip: page.ig_account_id ? ["ok", "Instagram"] : ["off", "No Instagram"],
  }), keyOf);
  sift();
  choose();
});

function sift() {
  const fits = seeker(filter.value);
  const pages = state.pages ?? [];
  let shown = 0;
  for (const page of pages) {
    const wanted = fits(texts.get(keyOf(page))) && (!account.value || String(page.token_id) === account.value);
    elements.get(keyOf(page)).hidden = !wanted;
    shown += wanted;
  }
  write(root, {
    found: shown === pages.length ? number(shown) : `${number(shown)} of ${number(pages.length)}`,
    empty: shown ? "" : pages.length ? "No Page fits the filter."
      : active().length ? "Meta lists no Page for these accounts. Were they ticked when the token was made?"
      : "Connect an account first: its Pages appear here.",
  });
}

const chosen = () => state.pages?.find((page) => keyOf(page) === form.elements.fb_page_id?.value);

function choose() {
  const page = chosen();
  write(root, { chosen: !page ? "No Page chosen yet." : page.ig_account_id ? page.fb_page_name : `${page.fb_page_name}, which has no Instagram account` });
}

filter.addEventListener("input", sift);
account.addEventListener("change", sift);
list.addEventListener("change", choose);
// Enter in the filter would send the form.
filter.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
actions(root, { ask: reload });

onSubmit(form, async () => {
  const id = client.value.trim();
  const page = chosen();
  done.hidden = true;
  if (!id) throw missing("client_id", "Which client? Any name of yours will do.");
  if (!page) throw missing("fb_page_id", "Choose a Page.");
  const { created } = await call("POST", "sync/", { client_id: id, fb_page_id: page.fb_page_id, token_id: page.token_id });
  const word = created ? "Created" : "Updated";
  write(done, { word: ["ok", word], done: `${id} → ${page.fb_page_name}` });
  done.hidden = false;
  done.focus();
  toast(`${word}: ${quoted(id)} shows ${quoted(page.fb_page_name)}.`);
  say("mapped");
  say("preview", { ...page, client_id: id });
});
