// Numbers, sizes and times as the reader's language writes them.
import { lang } from "./look";
import { say } from "./words";

const locale = (): string => (lang.value === "zh" ? "zh-CN" : "en-GB");

export function number(value: number, digits = 0): string {
  return value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(fraction: number, digits = 0): string {
  return `${number(100 * fraction, digits)} %`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];
export function bytes(value: number): string {
  let at = 0;
  let rest = value;
  while (rest >= 1000 && at < UNITS.length - 1) {
    rest /= 1000;
    at++;
  }
  return `${number(rest, at === 0 || rest >= 100 ? 0 : 1)} ${UNITS[at]}`;
}

/** A time of the server (UTC, with or without a zone) as a date. */
export function timeOf(iso: string): Date {
  return new Date(/Z|[+-]\d\d:?\d\d$/.test(iso) ? iso : `${iso}Z`);
}

export function moment(iso: string): string {
  return timeOf(iso).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}

/** A date of a header, `YYYY-MM-DD` or `YYYYMMDD`, always written the ISO way: nobody confuses day and month. */
export function isoDate(text: string): string {
  return /^\d{8}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
}

export function ago(iso: string): string {
  const seconds = (Date.now() - timeOf(iso).getTime()) / 1000;
  if (seconds < 45) return say("time.now");
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "always", style: "short" });
  if (seconds < 3600) return format.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86400) return format.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 30 * 86400) return format.format(-Math.round(seconds / 86400), "day");
  return isoDate(timeOf(iso).toISOString().slice(0, 10));
}

/** Seconds as m:ss, for how long something took or will take. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
  return `${minutes}:${String(rest).padStart(2, "0")}`;
}
