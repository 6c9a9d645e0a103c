/** Numbers and times in the reader's language. */

import type { Address } from "../api/types.ts";

let locale: string | undefined;

export function useLocale(name: string | undefined): void {
  locale = name;
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale).format(value);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size with at most three digits, never "0 kB" for something that is there. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return `${number(bytes)} B`;
  const digits = value >= 100 ? 0 : 1;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[unit]!,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(value);
}

/** Time passed, short: "now", "5 min", "3 hr", then the date. */
export function age(iso: string, now: number): string {
  const at = Date.parse(iso);
  const seconds = (now - at) / 1000;
  if (Number.isNaN(at)) return "";
  if (seconds < 45) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
  if (seconds < 3600) return unit(Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86_400) return unit(Math.round(seconds / 3600), "hour");
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const style: Intl.DateTimeFormatOptions = sameYear
    ? { month: "short", day: "numeric" }
    : { year: "numeric", month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(locale, style).format(at);
}

function unit(value: number, name: string): string {
  return new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
}

/** Date and time in full, with the zone. */
export function moment(iso: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" }).format(at);
}

/** A difference of times in its largest unit: "3 hours". */
export function span(seconds: number): string {
  const [value, name] =
    seconds < 5400
      ? [seconds / 60, "minute"]
      : seconds < 172_800
        ? [seconds / 3600, "hour"]
        : ([seconds / 86_400, "day"] as const);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: name as string,
    unitDisplay: "long",
    maximumFractionDigits: 0,
  }).format(value as number);
}

/** What a row calls somebody: the name, else the address. */
export function who(address: Address): string {
  return address.name || address.address;
}
