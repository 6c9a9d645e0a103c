/** Text of a stranger, made harmless to look at: what cannot be seen is shown, what is endless is cut. */

const BIDI: Record<number, string> = {
  0x061c: "ALM",
  0x200e: "LRM",
  0x200f: "RLM",
  0x202a: "LRE",
  0x202b: "RLE",
  0x202c: "PDF",
  0x202d: "LRO",
  0x202e: "RLO",
  0x2066: "LRI",
  0x2067: "RLI",
  0x2068: "FSI",
  0x2069: "PDI",
};

// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// eslint-disable-next-line no-control-regex
const HIDDEN_IN_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function symbol(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  const name = BIDI[code] ?? code.toString(16).toUpperCase().padStart(2, "0");
  return `⟨${name}⟩`;
}

/** One line: every control and bidi character is a symbol; at most `limit` characters. */
export function line(text: string, limit = 300): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(HIDDEN, symbol);
}

/** Several lines: the same, but tabs and line feeds stay. A CR before a LF is part of the line end and is dropped. */
export function lines(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN_IN_LINES, symbol);
}

/** Raw bytes as text: UTF-8 where it is, `⟨FF⟩` where it is not; a bare CR or LF is marked, since it is not a line end. */
export function rawText(bytes: Uint8Array): string {
  const text = decode(bytes);
  return text.replace(/(\r?)\n/g, (_, cr: string) => (cr ? "\n" : "␊\n")).replace(HIDDEN_IN_LINES, symbol);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return decodeByLine(bytes);
  }
}

function decodeByLine(bytes: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const out: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    const piece = bytes.subarray(start, end);
    try {
      out.push(strict.decode(piece));
    } catch {
      out.push(Array.from(piece, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : `⟨${hex(byte)}⟩`)).join(""));
    }
    start = end;
  }
  return out.join("");
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

export type Mark = { text: string; kind: "text" | "space" | "hidden" };

// eslint-disable-next-line no-control-regex
const MARKS = /([ \t]+$)|([\u00a0\u00ad\u200b-\u200d\u2060\ufeff])/gm;
const NAMES: Record<string, string> = {
  "\u00a0": "⍽",
  "\u00ad": "⟨SHY⟩",
  "\u200b": "⟨ZWSP⟩",
  "\u200c": "⟨ZWNJ⟩",
  "\u200d": "⟨ZWJ⟩",
  "\u2060": "⟨WJ⟩",
  "\ufeff": "⟨BOM⟩",
};

/** The text in pieces, with trailing blanks and characters that take no or misleading space marked. */
export function marked(text: string): Mark[] {
  const pieces: Mark[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), kind: "text" });
    if (match[1] !== undefined)
      pieces.push({ text: match[1].replaceAll(" ", "·").replaceAll("\t", "→"), kind: "space" });
    else pieces.push({ text: NAMES[match[0]] ?? "⟨?⟩", kind: "hidden" });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), kind: "text" });
  return pieces;
}

/** A code as it is read aloud: `493201` is `493 201`. */
export function spaced(code: string): string {
  if (!/^\d+$/.test(code) || code.length < 6) return code;
  const size = code.length % 3 === 0 ? 3 : 4;
  return code.match(new RegExp(`.{1,${size}}`, "g"))!.join(" ");
}

/** Host and path of an address, for a label; null if it is not http(s), which is then never opened. */
export function web(url: string): { host: string; path: string } | null {
  if (!/^https?:/i.test(url)) return null;
  try {
    const { host, pathname, search } = new URL(url);
    return { host, path: pathname === "/" && !search ? "" : pathname + search };
  } catch {
    return null;
  }
}
