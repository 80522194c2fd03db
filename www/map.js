// Mapping: a client id and one of the Pages that the accounts reach.
import { actions, call, copyOf, find, folded, keep, loader, make, number, onSubmit, put, quoted, say, section, seeker, skeletons, state, toast, watch, write } from "./dom.js";

const { root, list, filter, form } = section("map");
const { client_id: client, token_id: account } = form.elements;
const keyOf = (page) => `${page.token_id}:${page.fb_page_id}`;
let asked; // The active accounts that the list was made for.

const active = () => (state.tokens ?? []).filter((row) => row.status === "active");

skeletons(list, 5, "choice");

export const reload = loader(root, async (current) => {
  asked = String(active().map((row) => row.id));
  const { pages, warnings = [] } = asked ? await call("GET", "pages/") : { pages: [] };
  if (!current()) return;
  find("[data-warnings]", root).replaceChildren(...warnings.map(({ account_label: label, detail }) =>
    make("li", `The Pages of ${quoted(label)} are not in this list: ${detail}.`)));
  for (const page of pages) page.text = folded(page.fb_page_name, page.fb_page_id, page.account_label);
  put("pages", pages);
  if (asked) say("marked"); // A token may be dead.
});

watch("tokens", () => {
  const chosen = account.value;
  account.replaceChildren(account.options[0], ...active().map(({ id, account_label: label }) => make("option", label, { value: id })));
  account.value = chosen;
  if (account.selectedIndex < 0) account.value = "";
  if (asked !== undefined && asked !== String(active().map((row) => row.id))) reload();
});

watch("connected", reload);

watch("pages", () => {
  keep(list, state.pages, (page) => {
    const element = copyOf("page");
    find("input", element).value = keyOf(page);
    return element;
  }, (element, page) => write(element, {
    ...page,
    face: [page.fb_page_picture, page.fb_page_name],
    chip: page.ig_account_id ? ["ok", "Instagram"] : ["off", "No Instagram"],
  }), keyOf);
  sift();
  choose();
});

function sift() {
  const fits = seeker(filter);
  const { pages } = state;
  let shown = 0;
  pages.forEach((page, index) => {
    const wanted = fits(page.text) && [String(page.token_id), ""].includes(account.value);
    list.children[index].hidden = !wanted;
    shown += wanted;
  });
  write(root, {
    found: shown === pages.length ? shown : `${shown} of ${number(pages.length)}`,
    none: shown ? "" : pages.length ? "No Page fits the filter."
      : asked ? "Meta lists no Page for these accounts. Were they ticked when the token was made?"
      : "Connect an account first: its Pages appear here.",
  });
}

const chosen = () => state.pages?.find((page) => keyOf(page) === form.elements.fb_page_id?.value);

function choose() {
  const page = chosen();
  write(root, { chosen: page ? page.fb_page_name + (page.ig_account_id ? "" : " (has no Instagram account)") : "No Page chosen yet." });
}

filter.addEventListener("input", sift);
account.addEventListener("change", sift);
list.addEventListener("change", choose);
// Enter in the filter would send the form.
filter.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
actions(root, { ask: reload });

onSubmit(form, async () => {
  const { fb_page_id, token_id, ...page } = chosen() ?? {};
  const client_id = client.value.trim();
  const { created } = await call("POST", "sync/", { client_id, fb_page_id, token_id });
  toast(`${created ? "Created" : "Updated"}: ${quoted(client_id)} shows ${quoted(page.fb_page_name)}.`);
  find("a", form).hidden = false;
  say("mapped");
  say("preview", { ...page, client_id, fb_page_id });
});
