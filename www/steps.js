// An installation that is new: three steps that tick themselves off.
import { fill, h } from "./dom.js";
import { addressOf, state } from "./store.js";

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
