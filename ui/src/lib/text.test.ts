import { expect, test } from "vitest";
import { line, lines, marked, rawText, spaced, web } from "./text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("control and bidi characters become symbols", () => {
  expect(line("a\u0000b\u001b[31m\u007f\u0085\r\n\t")).toBe("a␀b␛[31m␡⟨85⟩␍␊␉");
  expect(line("invoice\u202egpj.exe")).toBe("invoice⟨RLO⟩gpj.exe");
});

test("endless text is cut", () => {
  expect(line("x".repeat(50), 10)).toBe(`${"x".repeat(10)}…`);
});

test("line ends and tabs of a text stay", () => {
  expect(lines("a\r\n\tb\rc\n")).toBe("a\n\tb␍c\n");
});

test("raw text marks a bare CR, a bare LF and bytes that are not UTF-8", () => {
  expect(rawText(bytes("a\r\nb\nc\rd\r\n"))).toBe("a\nb␊\nc␍d\n");
  expect(rawText(new Uint8Array([0xc3, 0xa9, 10, 0xff, 0x41, 13, 10]))).toBe("é␊\n⟨FF⟩A\n");
});

test("trailing blanks and characters without width are marked", () => {
  expect(marked("a  \nb\u200b")).toEqual([
    { text: "a", kind: "text" },
    { text: "··", kind: "space" },
    { text: "\nb", kind: "text" },
    { text: "⟨ZWSP⟩", kind: "hidden" },
  ]);
});

test.each([
  ["493201", "493 201"],
  ["12345678", "1234 5678"],
  ["1234", "1234"],
  ["AB12CD", "AB12CD"],
])("a code %s is read %s", (code, read) => expect(spaced(code)).toBe(read));

test.each([
  ["https://lumen.example/signin?t=1", { host: "lumen.example", path: "/signin?t=1" }],
  ["http://lumen.example/", { host: "lumen.example", path: "" }],
  ["javascript:alert(1)", null],
  [" javascript:alert(1)", null],
  ["data:text/html,x", null],
  ["https://", null],
])("%s is opened only if it is of the web", (url, place) => expect(web(url)).toEqual(place));
