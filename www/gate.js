// Signing in, and what is said to those who cannot.
import { call, wrong } from "./api.js";
import { field, onSubmit } from "./controls.js";
import { fill, h } from "./dom.js";
import { button, copyText, toast } from "./parts.js";
import { tellTabs } from "./store.js";
import { clock } from "./words.js";

/** The form; `enter` hears who one is then. */
export function signIn(why, enter) {
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password" });
  return h("section.sign-in", { ariaLabel: "Sign in" }, onSubmit(h("form.panel.stack",
    h("h1", "Sign in"),
    h("p.hint", { role: "status" }, why),
    field("Admin password", password),
    h("p.row", h("button.primary", { type: "submit" }, "Sign in")),
    h("p.hint", "Forgotten? On the server: ", h("code", "metactl admin set-password"))), async () => {
    const given = password.value;
    password.value = "";
    const session = await call("POST", "session/", { password: given }).catch((error) => {
      const { status, wait, message } = error;
      if (![403, 429].includes(status)) throw error;
      // A short wait is for a place; a long one is a lock-out.
      throw wrong("password", status === 403 || wait < 60 ? message : `Too many failed attempts. Try again after ${clock(Date.now() + wait * 1000)}.`);
    });
    tellTabs("tab-signed-in");
    await enter(session);
    toast("Signed in.");
  }));
}

/** Nobody may look: no credential exists, and this is not the machine itself. */
export const closed = () => h("section.notice", { ariaLabel: "Protected mode" }, h("h1", "Protected mode"),
  h("p", "Without a password only the server itself may use this page. Set one there, then reload:"), command());

export function command() {
  const text = h("code", "metactl admin set-password");
  // In the demo metactl stands in no folder that a shell looks in.
  import("./command.js").then(({ metactl }) => fill(text, `${metactl} admin set-password`), () => {});
  return h("p.row", text, button("Copy", () => copyText(text.textContent), { label: "Copy the command" }));
}
