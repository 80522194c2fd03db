// Mapping: a client id, a Page out of all that the accounts reach, Sync. The list is built once per answer of Meta;
// filtering only hides and shows, so 200 Pages stay instant, and the radio buttons bring their keyboard with them.
import { call } from "./api.js";
import { avatar, busy, chip, copyOf, count, find, keep, loader, make, missing, onSubmit, section, toast, write } from "./dom.js";
import { put, say, state, watch } from "./state.js";
import { folded, number, quoted } from "./words.js";

const root = section("map");
const form = find("form", root);
const list = find("[data-list]", root);
const filter = find("[data-filter]", root);
const account = find("[data-account]", root);
const empty = find("[data-empty]", root);
const elements = new Map();
const keyOf = (page) => `${page.token_id}:${page.fb_page_id}`;
let haystacks = new Map();
let asked = null; // The active accounts that the list was made for.

const active = () => (state.tokens ?? []).filter((row) => row.status === "active");
const signature = () => active().map((row) => row.id).join();

export const reload = loader(root, async (current) => {
  asked = signature();
  const answer = active().length ? await call("GET", "pages/") : { pages: [] };
  if (!current()) return;
  find("[data-warnings]", root).replaceChildren(...(answer.warnings ?? []).map((warning) =>
    make("li", `The Pages of ${quoted(warning.account_label)} are not in this list: ${warning.detail}.`)));
  put("pages", answer.pages);
  // Asking may have found a token dead.
  if (answer.pages.length || active().length) say("marked");
});

watch("tokens", () => {
  const chosen = account.value;
  account.replaceChildren(account.options[0], ...active().map((row) => {
    const option = make("option", row.account_label);
    option.value = row.id;
    return option;
  }));
  account.value = active().some((row) => String(row.id) === chosen) ? chosen : "";
  if (asked !== null && asked !== signature()) {
    const fewer = signature().split(",").every((id) => asked.split(",").includes(id));
    asked = signature();
    if (fewer) put("pages", (state.pages ?? []).filter((page) => active().some((row) => row.id === page.token_id)));
    else reload();
  }
});

watch("pages", () => {
  haystacks = new Map(state.pages.map((page) => [keyOf(page), folded(`${page.fb_page_name} ${page.fb_page_id} ${page.account_label}`)]));
  keep(list, state.pages, keyOf, (page) => {
    const element = copyOf("page");
    find("input", element).value = keyOf(page);
    return element;
  }, (element, page) => {
    write(element, { name: page.fb_page_name, label: page.account_label, id: page.fb_page_id });
    avatar(find("[data-avatar]", element), page.fb_page_picture, page.fb_page_name);
    chip(find("[data-chip]", element), page.ig_account_id ? ["ok", "Instagram"] : ["off", "No Instagram"]);
  }, elements);
  sift();
  choose();
});

function sift() {
  const words = folded(filter.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const page of state.pages ?? []) {
    const fits = (!account.value || String(page.token_id) === account.value)
      && words.every((word) => haystacks.get(keyOf(page)).includes(word));
    elements.get(keyOf(page)).hidden = !fits;
    shown += fits;
  }
  const total = state.pages?.length ?? 0;
  write(root, { found: shown === total ? number(total) : `${number(shown)} of ${number(total)}` });
  empty.hidden = shown > 0;
  empty.textContent = total ? "No Page fits the filter."
    : active().length ? "Meta lists no Page for these accounts. Tick the Pages when making the token, or check its permissions."
    : "Connect an account first: its Pages appear here.";
}

const chosen = () => state.pages?.find((page) => keyOf(page) === form.elements.page?.value);

function choose() {
  const page = chosen();
  write(root, {
    chosen: !page ? "No Page chosen yet."
      : `${page.fb_page_name}${page.ig_account_id ? "" : ", which has no Instagram account: only the Page is mapped"}`,
  });
}

filter.addEventListener("input", sift);
account.addEventListener("change", sift);
list.addEventListener("change", choose);
// Enter in the filter would send the form.
filter.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
find("[data-reload]", root).addEventListener("click", ({ target }) => busy(target, reload));
watch("connected", () => reload());

onSubmit(form, async ({ client_id: client }) => {
  const done = find("[data-synced]", root);
  done.hidden = true;
  const page = chosen();
  const id = client.value.trim();
  if (!id) throw missing("client_id", "Which client? Any name of yours will do.");
  if (!page) throw missing("fb_page_id", "Choose a Page.");
  const { created } = await call("POST", "sync/", { client_id: id, fb_page_id: page.fb_page_id, token_id: page.token_id });
  const word = created ? "Created" : "Updated";
  done.hidden = false;
  write(done, { word, synced: `${id} → ${page.fb_page_name}` });
  done.focus();
  toast(`${word}: ${quoted(id)} shows ${quoted(page.fb_page_name)}.`);
  say("mapped");
  say("preview", { client_id: id, fb_page_id: page.fb_page_id, fb_page_name: page.fb_page_name, ig_account_id: page.ig_account_id });
});
