import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { en } from "./en.ts";
import { t, type Key } from "./index.ts";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !name.includes("i18n"))
  .map((name) => readFileSync(join("src", name), "utf8"))
  .join("\n");

/** Keys made from a value: `t(`tab.${name}`)`. */
const made = [...sources.matchAll(/`([a-z]+\.)\$\{/g)].map((match) => match[1]!);

test("every text is used", () => {
  const unused = Object.keys(en).filter(
    (key) =>
      !sources.includes(`"${key}"`) && !sources.includes(`'${key}'`) && !made.some((prefix) => key.startsWith(prefix)),
  );
  expect(unused).toEqual([]);
});

test("a count chooses the plural form", () => {
  expect(t("inbox.new", { count: 1 })).toBe("1 new message");
  expect(t("inbox.new", { count: 1200 })).toBe("1,200 new messages");
});

test("a plural has all forms of English", () => {
  for (const [key, text] of Object.entries(en))
    if (typeof text !== "string") expect(Object.keys(text), key).toEqual(["one", "other"]);
});

test("no text leaves a placeholder open", () => {
  for (const key of Object.keys(en) as Key[]) {
    const names = [...JSON.stringify(en[key]).matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
    expect(t(key, Object.fromEntries(names.map((name) => [name, 1])))).not.toMatch(/[{}]/);
  }
});
