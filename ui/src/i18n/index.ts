/** `t("inbox.new", { count })`: the text of a key in the reader's language. English is the only one yet. */

import { number } from "../lib/format.ts";
import { en } from "./en.ts";

export type Key = keyof typeof en;
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

const plural = new Intl.PluralRules("en");

export function t(key: Key, values: Record<string, string | number> = {}): string {
  const entry: string | Forms = en[key];
  const text = typeof entry === "string" ? entry : (entry[plural.select(Number(values.count))] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}
