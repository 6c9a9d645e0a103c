import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, test } from "vitest";
import type { Summary } from "../api/types.ts";
import MessageRow from "./MessageRow.svelte";

afterEach(cleanup);

function row(change: Partial<Summary>): Summary {
  return {
    id: "m1",
    seq: 1,
    mailbox: "inbox",
    received_at: "2026-03-04T12:00:00Z",
    date: null,
    subject: "Welcome",
    from: [{ name: "Shop", address: "shop@example.org" }],
    to: [],
    cc: [],
    reply_to: [],
    sender: "shop@example.org",
    recipients: ["ada@example.org"],
    snippet: "Hello",
    code: null,
    tags: [],
    read: true,
    flagged: false,
    size_bytes: 1200,
    attachments: 0,
    defects: 0,
    session_id: null,
    ...change,
  };
}

function option(change: Partial<Summary> = {}): HTMLElement {
  render(MessageRow, {
    row: row(change),
    index: 4,
    total: 100_000,
    top: 0,
    height: 64,
    compact: false,
    active: false,
    open: false,
    selected: false,
    selecting: false,
  });
  return screen.getByRole("option");
}

test("says where it stands in the whole list", () => {
  const element = option();
  expect(element.getAttribute("aria-posinset")).toBe("5");
  expect(element.getAttribute("aria-setsize")).toBe("100000");
});

test("shows sender and recipients, and the code as it is read", () => {
  const { textContent } = option({ code: "493201" });
  for (const text of ["Shop", "ada@example.org", "493 201", "1.2 kB"]) expect(textContent).toContain(text);
});

test("markup and control characters of a mail are text", () => {
  const element = option({ subject: '<img src=x onerror="alert(1)">\u202e\u0007' });
  expect(element.querySelector("img")).toBeNull();
  expect(element.textContent).toContain('<img src=x onerror="alert(1)">⟨RLO⟩␇');
});

test("holds nothing that takes the focus", () => {
  expect(option({ attachments: 2, defects: 1 }).querySelectorAll("a, button, input, [tabindex]")).toHaveLength(0);
});

test("without From it names the envelope sender, and the null sender by a word", () => {
  expect(option({ from: [] }).textContent).toContain("shop@example.org");
  cleanup();
  expect(option({ from: [], sender: "" }).textContent).toContain("(null sender)");
});
