// The program's words for a person, in English and the reader's zone.
const locale = navigator.languages.find((name) => name.startsWith("en")) ?? "en-GB";
const format = (options) => new Intl.DateTimeFormat(locale, options).format;
const relativeFormat = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const exact = format({ dateStyle: "full", timeStyle: "long" });
export const day = format({ dateStyle: "medium" });
export const clock = format({ timeStyle: "short" });
export const number = (value) => value?.toLocaleString(locale) ?? "–";
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

/** Meta writes +0000 where the standard wants +00:00. */
export const parseTime = (text) => (text ? new Date(text.replace(/(\d\d)(\d\d)$/, "$1:$2")) : null);
export const secondsLeft = (text) => (text ? (parseTime(text) - Date.now()) / 1000 : Infinity);

/** Up to 100 days; a date after that, because months and years would be too coarse. */
export function relative(text) {
  let value = secondsLeft(text);
  if (Math.abs(value) < 5) return "just now";
  for (const [unit, limit, size = limit] of [["second", 60], ["minute", 60], ["hour", 48, 24], ["day", 100]]) {
    if (Math.abs(value) < limit) return relativeFormat.format(Math.round(value), unit);
    value /= size;
  }
  return day(parseTime(text));
}

/** Without direction controls; `quoted` is isolated from our sentence. */
export const plain = (text) => (text ?? "").replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
export const quoted = (name) => `“\u2068${plain(name)}\u2069”`;

/** Search ignores accents and case; every word must be there. */
export const folded = (...texts) => texts.join(" ").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
export const seeker = (typed) => {
  const parts = folded(typed).split(/\s+/).filter(Boolean);
  return (text) => parts.every((part) => text.includes(part));
};
export const collate = new Intl.Collator("en", { numeric: true }).compare;

const reasons = {
  expired: "The token has expired. Make a new one in Meta’s Graph API Explorer.",
  password_changed: "The owner’s Facebook password was changed, which ends every token. A new one is needed.",
  app_removed: "The owner removed the app from their Facebook account and must allow it again.",
  revoked: "The token was revoked or its owner logged out. A new one is needed.",
  login_required: "Facebook wants its owner to log in once; then the same token works again.",
  invalid: "Meta does not accept this token. Was it copied whole? Otherwise make a new one.",
  not_extended: "Meta gives no longer-lived token for it. Its owner has to log in again before it ends.",
  other_app: "The token was made for another app than the one this installation uses.",
  wrong_kind: "This is no user’s token. Paste the token of a user who has a role on the Page.",
  rate_limited: "Meta has asked not to be called for this token for a while. “Check now” tries all the same.",
  key_missing: "The key that encrypted this token is missing on the server. Bring it back, or replace the token.",
};
export const reasonText = (reason) => reasons[reason] ?? "";

/** Ours where it says more, else the program's. */
export const sentence = ({ status, reason, message }) => status === 401 ? "Your session has ended. Sign in again."
  : reason === "rate_limited" ? `Meta is throttling. ${message}.` : reasonText(reason) || message;

const broken = {
  pages_show_list: "its Pages cannot be listed",
  pages_read_engagement: "Pages and their Instagram accounts cannot be read",
  instagram_basic: "Instagram profiles and grids cannot be read",
  business_management: "Pages of a Business portfolio are not listed",
};
export const missingText = (scope) => `Without ${scope}, ${broken[scope] ?? "what depends on it fails"}.`;
