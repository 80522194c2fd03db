// The program's words for a person, in English and the reader's zone.
const locale = navigator.languages.find((name) => name.startsWith("en")) ?? "en-GB";
const format = (options) => new Intl.DateTimeFormat(locale, options).format;
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const exact = format({ dateStyle: "full", timeStyle: "long" });
export const day = format({ dateStyle: "medium" });
export const clock = format({ timeStyle: "short" });
export const number = (value) => value?.toLocaleString(locale) ?? "–";
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export const parseTime = (text) => (text ? new Date(text.replace(/(\d\d)(\d\d)$/, "$1:$2")) : null); // Meta writes +0000.
export const secondsLeft = (text) => (text ? (parseTime(text) - Date.now()) / 1000 : Infinity);

/** Beyond 100 days a date, because months and years would be too coarse. */
export function relative(text) {
  let value = secondsLeft(text);
  if (Math.abs(value) < 5) return "just now";
  for (const [unit, limit, size = limit] of [["second", 60], ["minute", 60], ["hour", 48, 24], ["day", 100]]) {
    if (Math.abs(value) < limit) return ago.format(Math.round(value), unit);
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
  const parts = folded(typed).split(/\s+/);
  return (text) => parts.every((part) => text.includes(part));
};
export const collate = new Intl.Collator("en", { numeric: true }).compare;

/** Sentences that say more than the program's; trouble.js fills them in, which the first view does without. */
export const reasons = {};
export const sentence = ({ status, reason, message }) => status === 401 ? "Your session has ended. Sign in again."
  : reason === "rate_limited" ? `Meta is throttling. ${message}.` : reasons[reason] ?? message;
