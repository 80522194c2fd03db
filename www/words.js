// What the program's stable words mean to a person, and how times and numbers are written.
import { skew } from "./api.js";

/** English words, the reader's own English for dates, the reader's zone. */
const locale = navigator.languages.find((name) => name.startsWith("en")) ?? "en-GB";
const exactFormat = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
const shortFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const clockFormat = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const numberFormat = new Intl.NumberFormat(locale);

export const number = (value) => (typeof value === "number" ? numberFormat.format(value) : "–");
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;
export const exact = (date) => exactFormat.format(date);
export const day = (date) => shortFormat.format(date);
export const clock = (date) => clockFormat.format(date);

/** Meta writes +0000 where the standard wants +00:00. */
export function parseTime(text) {
  const date = new Date(text?.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  return Number.isNaN(date.getTime()) ? null : date;
}

export const secondsUntil = (date) => (date - Date.now() - skew) / 1000;

const steps = [[60, "second"], [60, "minute"], [48, "hour", 24], [100, "day", 30.44], [24, "month", 12], [Infinity, "year"]];

/** "in 58 days", "2 minutes ago". Days go up to 100: a countdown in months would be too coarse. */
export function relative(date) {
  let value = secondsUntil(date);
  if (Math.abs(value) < 5) return "just now";
  for (const [limit, unit, size = limit] of steps) {
    if (Math.abs(value) < limit) return relativeFormat.format(Math.trunc(value), unit);
    value /= size;
  }
}

/** Names from outside stand in our sentences isolated and without direction controls of their own. */
export const quoted = (name) => `“\u2068${plain(name)}\u2069”`;
export const plain = (text) => String(text ?? "").replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");

/** For searching: without accents and case. */
export const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const reasons = {
  expired: "The token has expired. Make a new one in Meta’s Graph API Explorer.",
  password_changed: "The owner’s Facebook password was changed, which ends every token. A new one is needed.",
  app_removed: "The owner removed the app from their Facebook account. They must allow it again.",
  revoked: "The token was revoked or its owner logged out. A new one is needed.",
  login_required: "Facebook wants its owner to log in once; after that the same token works again.",
  invalid: "Meta does not accept this token. Check that it was copied whole, or make a new one.",
  permission_missing: "The token lacks a permission. Make a new one with all of them ticked.",
  key_missing: "The key that encrypted this token is missing on the server. Bring it back, or replace the token.",
};

export const reasonText = (reason) => reasons[reason] ?? null;

/** The sentence for a failure. The program's own is used where it says more. */
export function sentence(error) {
  if (error.status === 401) return "Your session has ended. Sign in again.";
  if (error.reason === "rate_limited") return `Meta is throttling: ${error.message}.`;
  if (error.reason === "upstream_error") return "Meta answered with an error. This is usually over in a minute.";
  if (error.reason === "upstream_timeout") return "Meta did not answer in time. This is usually over in a minute.";
  return reasonText(error.reason) ?? error.message;
}

const broken = {
  pages_show_list: "its Pages cannot be listed",
  pages_read_engagement: "Pages and their Instagram accounts cannot be read",
  instagram_basic: "Instagram profiles and grids cannot be read",
  business_management: "Pages that belong to a Business portfolio are not listed",
};

export const missingText = (scope) => broken[scope] ?? "what depends on it will fail";
