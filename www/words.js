// What the program's words mean to a person; how times and numbers are written: English, the reader's zone.
import { skew } from "./api.js";

const locale = navigator.languages.find((name) => name.startsWith("en")) ?? "en-GB";
const format = (options) => (date) => new Intl.DateTimeFormat(locale, options).format(date);
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const exact = format({ dateStyle: "full", timeStyle: "long" });
export const day = format({ dateStyle: "medium" });
export const clock = format({ timeStyle: "short" });
export const number = (value) => value?.toLocaleString(locale) ?? "–";
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** Meta writes +0000 where the standard wants +00:00. */
export function parseTime(text) {
  const date = new Date(text?.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(+date) ? null : date;
}

const secondsUntil = (date) => (date - Date.now() - skew) / 1000;
export const secondsLeft = (text) => (parseTime(text) ? secondsUntil(parseTime(text)) : Infinity);

/** "in 58 days", "2 minutes ago". Days go up to 100: a countdown in months would be too coarse. */
export function relative(date) {
  let value = secondsUntil(date);
  if (Math.abs(value) < 5) return "just now";
  for (const [limit, unit, size = limit] of [[60, "second"], [60, "minute"], [48, "hour", 24], [100, "day", 30.4], [24, "month", 12], [1e9, "year"]]) {
    if (Math.abs(value) < limit) return relativeFormat.format(Math.round(value), unit);
    value /= size;
  }
}

/** Without direction controls; `quoted` names stand isolated in our sentences. */
export const plain = (text) => (text ?? "").replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
export const quoted = (name) => `“\u2068${plain(name)}\u2069”`;

/** Search ignores accents and case; every word must be there. */
export const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
export const seeker = (typed) => {
  const parts = folded(typed).split(/\s+/);
  return (text) => parts.every((part) => text.includes(part));
};

const reasons = {
  expired: "The token has expired. Make a new one in Meta’s Graph API Explorer.",
  password_changed: "The owner’s Facebook password was changed, which ends every token. A new one is needed.",
  app_removed: "The owner removed the app from their Facebook account. They must allow it again.",
  revoked: "The token was revoked or its owner logged out. A new one is needed.",
  login_required: "Facebook wants its owner to log in once; then the same token works again.",
  invalid: "Meta does not accept this token. Was it copied whole? Otherwise make a new one.",
  permission_missing: "The token lacks a permission. Make a new one with all of them ticked.",
  key_missing: "The key that encrypted this token is missing on the server. Bring it back, or replace the token.",
  upstream_error: "Meta answered with an error. That is usually over in a minute.",
  upstream_timeout: "Meta did not answer in time. That is usually over in a minute.",
};
export const reasonText = (reason) => reasons[reason] ?? "";

/** The sentence for a failure: ours where it says more, else the program's. */
export const sentence = ({ status, reason, message }) =>
  status === 401 ? "Your session has ended. Sign in again."
    : reason === "rate_limited" ? `Meta is throttling. ${message}.`
    : reasonText(reason) || message;

const broken = {
  pages_show_list: "its Pages cannot be listed",
  pages_read_engagement: "Pages and their Instagram accounts cannot be read",
  instagram_basic: "Instagram profiles and grids cannot be read",
  business_management: "Pages of a Business portfolio are not listed",
};
export const missingText = (scope) => `Without ${scope}, ${broken[scope] ?? "what depends on it fails"}.`;
