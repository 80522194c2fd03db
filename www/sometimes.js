// What the clients want now and then: several at once, and the first steps.
import { call } from "./api.js";
import { fill, h } from "./dom.js";
import { button, toast } from "./parts.js";
import { addressOf, change, say, state } from "./store.js";
import { count, number, quoted } from "./words.js";

/** Draws the bar; called again whenever the choice changes. */
export function selection({ bar, chosen, rows, draw, leave }) {
  /** Four at a time; what fails is named. */
  async function all(word, work) {
    const those = state.clients.filter(({ id }) => chosen.has(id));
    let done = 0;
    const wrong = [];
    const queue = [...those];
    const one = async () => {
      for (let client; (client = queue.shift());) {
        await work(client).catch((error) => wrong.push(`${quoted(client.id)}: ${error.message}`));
        done++;
        if (those.length > 8) fill(many, `${number(done)} of ${number(those.length)} …`);
      }
    };
    await Promise.all([one(), one(), one(), one()]);
    say("refresh");
    if (wrong.length) throw new Error(`${count(wrong.length, "client")} could not be ${word}. ${wrong.slice(0, 3).join("; ")}`);
    toast(`${count(those.length, "client")} ${word}.`);
  }
  const many = h("b", { role: "status" });
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
    }).finally(leave), { look: ".danger", ask: () => `Remove ${count(chosen.size, "client")}?`, label: "Remove those chosen" }),
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
export function drawSteps(list, clients) {
  const connected = state.tokens?.length > 0;
  const mapped = clients.length > 0;
  const step = (isDone, isNext, what, why, label, href) => h("li", { className: isDone ? "done" : isNext ? "next" : "" },
    h("div", h("h2", what, isDone && h("span.unseen", " – done")), h("p.hint", why)),
    isNext && h("a.button.primary", { href }, label));
  fill(list,
    step(connected, !connected, "Connect", "Paste the token of somebody who manages the Pages.", "Connect an account", "#/connect"),
    step(mapped, connected && !mapped, "Map", "Say which Page belongs to which client.", "Map a client", "#/map"),
    step(false, mapped, "Show", "See the grid, and take the line for the client’s site.", "See the grid", mapped && addressOf(clients[0].id)));
}
