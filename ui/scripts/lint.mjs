// What the Content-Security-Policy and the rule "mail text enters the DOM as text nodes only" forbid in ui/src.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FORBIDDEN = [
  [/\{@html\b/, "{@html} puts markup into the page"],
  [
    /\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|srcdoc|DOMParser|setHTMLUnsafe)\b/,
    "markup is made from text",
  ],
  [/\b(eval\s*\(|new Function\b|document\.write\b)/, "code is made from text"],
  [/\sstyle="/, 'a static style="" is refused by the CSP: use a class or a style: directive'],
  [/\sstyle=\{/, "style={} becomes an attribute, which the CSP refuses: use a style: directive"],
  [/allow-scripts|allow-same-origin/, "the frame of a mail gets neither scripts nor our origin"],
  [
    /#[0-9a-f]{3,8}\b(?=[^<]*;)/i,
    "a literal colour: use a token",
    (path) => /\.(svelte|css)$/.test(path) && !path.endsWith("tokens.css"),
  ],
];

let failed = false;
for (const entry of readdirSync("src", { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.isFile() || !/\.(svelte|ts|js|css|html)$/.test(path) || path.endsWith(".test.ts")) continue;
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((line, index) => {
      for (const [pattern, reason, applies] of FORBIDDEN) {
        if ((applies?.(path) ?? true) && pattern.test(line)) {
          console.error(`${path}:${index + 1}: ${reason}\n    ${line.trim()}`);
          failed = true;
        }
      }
    });
}
process.exit(failed ? 1 : 0);
