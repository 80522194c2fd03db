// What one types into, and what stands behind a button: fields with their faults, forms, menus.
import { alert, busy, button, focusOn, h, set, toast } from "./dom.js";
import { sentence } from "./words.js";

export const chip = ([look, word]) => h(`span.chip.${look}`, word);
export const skeletons = (amount, look) => Array.from({ length: amount }, () => h(`li.skeleton${look}`, { ariaHidden: "true" }));

/** No clipboard without HTTPS: then the text can be marked. */
export const copyButton = (text, what, label) => button(what, async () => toast((await navigator.clipboard?.writeText(text()).then(() => "Copied.", () => null)) ?? text()), { label });

/** A question, asked in place, before what cannot be undone; leaving or Escape takes it back, and a double click is no answer. */
export const sure = (ask) => (element, { detail }) => {
  if (detail > 1) return false;
  if (element.dataset.asked) return true;
  const question = ask();
  const { textContent, ariaLabel } = element;
  const back = () => {
    set(element, { textContent, ariaLabel, onblur: null, onkeydown: null });
    element.classList.remove("armed");
    delete element.dataset.asked;
  };
  element.focus();
  element.classList.add("armed");
  element.dataset.asked = "yes";
  set(element, {
    textContent: question, ariaLabel: null, onblur: back,
    onkeydown: (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      back();
    },
  });
  toast(`${question} Press once more. Escape keeps it.`);
};

/** The rest of what can be done, behind one button. */
export function menu(label, ...items) {
  const box = h("details.menu", h("summary", { ariaLabel: label, title: label }, "⋯"), h("div.items", items));
  box.dataset.menu = "";
  box.onkeydown = ({ key }) => {
    if (key !== "Escape" || !box.open) return;
    shut();
  };
  box.onclick = ({ target }) => void (target.closest("button") && !target.closest("[data-asked]") && shut());
  const shut = () => {
    if (box.contains(document.activeElement)) box.firstElementChild.focus();
    box.open = false;
  };
  return box;
}
document.addEventListener("click", ({ target }) => {
  for (const box of document.querySelectorAll("[data-menu][open]")) if (!box.contains(target)) box.open = false;
});

let fields = 0;

/** A labelled field. `input` is any control; hints and errors are tied to it. */
export function field(label, input, hint) {
  input.id ||= `field-${++fields}`;
  const help = hint && h("span.hint", { id: `${input.id}-hint` }, hint);
  if (help) input.setAttribute("aria-describedby", help.id);
  return h("div.field", h("label", { htmlFor: input.id }, label), input, help);
}

/** Says what went wrong at the field, else above the button, and goes there. */
export function showErrors(form, error) {
  clearErrors(form);
  let first;
  for (const [key, messages] of error.fields ?? []) {
    const input = [...form.elements].find((one) => one.name === key);
    if (!input) continue;
    const said = set(h("span.error", { role: "alert" }, complaint(key, messages)), { id: `${input.id}-error` });
    input.after(said);
    input.ariaInvalid = "true";
    input.dataset.described = input.getAttribute("aria-describedby") ?? "";
    input.setAttribute("aria-describedby", `${said.id} ${input.dataset.described}`.trim());
    first ??= input;
  }
  if (!first) {
    first = alert(sentence(error));
    (form.querySelector("[type=submit]")?.parentElement ?? form.lastElementChild).before(first);
  }
  if (error.status !== 401) focusOn(first);
}

export function clearErrors(form) {
  for (const said of form.querySelectorAll("[role=alert]")) said.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.ariaInvalid = null;
    if (input.dataset.described) input.setAttribute("aria-describedby", input.dataset.described);
    else input.removeAttribute("aria-describedby");
  }
}

export function onSubmit(form, work) {
  form.noValidate = true;
  form.onsubmit = (event) => {
    event.preventDefault();
    busy(event.submitter ?? form, async () => {
      clearErrors(form);
      await work(form.elements);
    }, (error) => showErrors(form, error));
  };
  return form;
}

/** What a field's complaint means here; the program's pattern is nobody's word. */
const complaint = (field, messages) => messages.map((message) => {
  if (!message.includes("required pattern")) return message;
  return {
    client_id: "A client id has no slash and no line break, and is not “.” or “..”.",
    access_token: "A token has only letters, digits and signs, and no line break. Was something else copied with it?",
    account_label: "A label has no line breaks.",
  }[field] ?? "This cannot be used here.";
}).join(" ");
