import { expect, test } from "vitest";
import { MAX_HEIGHT, scrollFor, windowOf } from "./window.ts";

test("draws what is in sight and a few rows around it", () => {
  expect(windowOf(640, 800, 64, 1000, 2)).toEqual({ height: 64_000, first: 8, last: 25, shift: 0 });
});

test("an empty list has no rows", () => {
  expect(windowOf(0, 800, 64, 0, 4)).toEqual({ height: 0, first: 0, last: 0, shift: 0 });
});

test.each([1_000_000, 5_000_000])("a list of %i rows is scaled, and reaches both ends", (count) => {
  const top = windowOf(0, 800, 64, count, 0);
  expect(top.height).toBe(MAX_HEIGHT);
  expect(top.first).toBe(0);
  const bottom = windowOf(MAX_HEIGHT - 800, 800, 64, count, 0);
  expect(bottom.last).toBe(count);
  const lastTop = (count - 1) * 64 + bottom.shift;
  expect(lastTop + 64).toBeCloseTo(MAX_HEIGHT, 0);
});

test("moves no further than needed to show a row", () => {
  expect(scrollFor(3, 0, 640, 64, 100)).toBe(0);
  expect(scrollFor(12, 0, 640, 64, 100)).toBe(192);
  expect(scrollFor(2, 640, 640, 64, 100)).toBe(128);
});

test("shows a row of a scaled list", () => {
  const count = 1_000_000;
  const top = scrollFor(700_000, 0, 800, 64, count);
  const view = windowOf(top, 800, 64, count, 1);
  expect(view.first).toBeLessThanOrEqual(700_000);
  expect(view.last).toBeGreaterThan(700_000);
});
