// What the clients want now and then: several at once, and the first steps.
import { call } from "./api.js";
import { sure } from "./controls.js";
import { button, fill, h, toast } from "./dom.js";
import { addressOf, change, say, state } from "./store.js";
import { count, number, quoted } from "./words.js";

/** What draws the bar; called again whenever the choice changes. */
export function selection({ bar, chosen, rows, draw, leave }) {
  const many = h("b", { role: "status" });
  /** Four at a time; what fails is named. */
  async function all(word, work) {
    const those = state.clients.filter(({ id }) => chosen.has(id));
    const queue = [...those];
    const wrong = [];
    let done = 0;
    const one = async () => {
      for (let client; (client = queue.shift());) {
        await work(client).catch((error) => wrong.push(`${quoted(client.id)}: ${error.message}`));
        fill(many, `${number(++done)} of ${number(those.length)} …`);
      }
    };
    await Promise.all([one(), one(), one(), one()]);
    say("refresh");
    draw();
    if (wrong.length) throw new Error(`${count(wrong.length, "client")} could not be ${word}. ${wrong.slice(0, 3).join("; ")}`);
    toast(`${count(those.length, "client")} ${word}.`);
  }
  const whole = button("", () => {
    for (const { id } of rows()) chosen.add(id);
    draw();
  }, { look: ".quiet" });
  fill(bar, many, whole,
    button("Refresh", () => all("refreshed", async ({ row }) => {
      const { mapping, refreshed, detail } = await call("POST", `mappings/${row.id}/refresh/`);
      change("mappings", row.id, mapping);
      if (!refreshed) throw new Error(detail);
    }), { label: "Refresh those chosen" }),
    button("Remove", () => all("removed", async ({ rows: theirs }) => {
      for (const { id } of theirs) {
        await call("DELETE", `mappings/${id}/`);
        change("mappings", id, null);
      }
    }).finally(leave), { look: ".danger", may: sure(() => `Remove ${count(chosen.size, "client")}?`), label: "Remove those chosen" }),
    button("Clear", () => {
      chosen.clear();
      draw();
      leave();
    }, { look: ".quiet" }));
  return () => {
    fill(many, `${number(chosen.size)} chosen`);
    whole.hidden = chosen.size >= rows().length;
    fill(whole, `Choose all ${number(rows().length)}`);
  };
}

/** An installation that is new: three steps that tick themselves off. */
export function drawSteps(list, [first]) {
  const now = first ? 2 : state.tokens?.length ? 1 : 0;
  fill(list, [["Connect", "Paste the token of somebody who manages the Pages.", "Connect an account", "#/connect"],
    ["Map", "Say which Page belongs to which client.", "Map a client", "#/map"],
    ["Show", "See the grid, and take the line for the client’s site.", "See the grid", first && addressOf(first.id)],
  ].map(([what, why, label, href], index) => h(`li.${index < now ? "done" : index === now ? "next" : ""}`,
    h("div", h("h2", what, index < now && h("span.unseen", " – done")), h("p.hint", why)), index === now && h("a.button.primary", { href }, label))));
}
