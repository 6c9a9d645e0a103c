import { expect, test } from "vitest";
import { age, size, span, useLocale } from "./format.ts";

useLocale("en");
const now = Date.parse("2026-03-04T12:00:00Z");

test.each([
  ["2026-03-04T11:59:58Z", "now"],
  ["2026-03-04T12:00:05Z", "now"],
  ["2026-03-04T11:55:00Z", "5 min"],
  ["2026-03-04T09:00:00Z", "3 hr"],
  ["2026-02-01T12:00:00Z", "Feb 1"],
  ["2024-02-01T12:00:00Z", "Feb 1, 2024"],
  ["nonsense", ""],
])("the age of %s is %s", (iso, text) => expect(age(iso, now)).toBe(text));

test.each([
  [1, "1 B"],
  [999, "999 B"],
  [1200, "1.2 kB"],
  [250_000, "250 kB"],
  [5_000_000, "5 MB"],
])("%i bytes are %s", (bytes, text) => expect(size(bytes)).toBe(text));

test("a span is told in its largest unit", () => {
  expect(span(1200)).toBe("20 minutes");
  expect(span(3 * 86_400)).toBe("3 days");
});
