import { expect, test } from "vitest";
import { DEFAULT_ROUTE, parseRoute, routeUrl, stepWidth } from "./route.ts";

test.each([
  ["", "", "inbox"],
  ["", "?query=is%3Aunread", "inbox"],
  ["m/01J", "?tab=headers", "message"],
  ["m/latest", "?query=has%3Acode", "latest"],
  ["nowhere", "", "unknown"],
  ["m/a/b", "", "unknown"],
])("%s%s is %s", (path, search, screen) => expect(parseRoute(path, search).screen).toBe(screen));

test.each([
  "",
  "?query=from%3Aada&sort=oldest&mailbox=ci",
  "m/01J?query=x&tab=raw&width=375&height=667&scheme=dark&remote=1",
  "m/latest?tab=text",
])("the address %s survives", (url) => {
  const [path, search = ""] = url.split("?");
  expect(routeUrl(parseRoute(path!, search && `?${search}`))).toBe(url);
});

test("an unknown value is left out", () => {
  const route = parseRoute("m/01J", "?tab=evil&width=99999999&scheme=pink&remote=yes");
  expect(route).toEqual({ ...DEFAULT_ROUTE, screen: "message", id: "01J" });
});

test("widths step from one device to the next", () => {
  expect(stepWidth(0, -1)).toBe(768);
  expect(stepWidth(768, 1)).toBe(0);
  expect(stepWidth(400, -1)).toBe(375);
  expect(stepWidth(320, -1)).toBe(320);
});
