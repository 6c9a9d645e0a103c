/** What the reader chose, kept in this browser. */

export interface Prefs {
  theme: "system" | "light" | "dark";
  density: "comfortable" | "compact";
  listWidth: number;
  singleKeys: boolean;
}

const DEFAULTS: Prefs = { theme: "system", density: "comfortable", listWidth: 420, singleKeys: true };
const KEY = "mailcatcher.prefs";

export const LIST_MIN = 360;
export const LIST_MAX = 520;

export const prefs: Prefs = $state({ ...DEFAULTS, ...stored() });

export function setPref<Name extends keyof Prefs>(name: Name, value: Prefs[Name]): void {
  prefs[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs));
  } catch {
    // Storage is off or full: the choice holds until the page is closed.
  }
}

function stored(): Partial<Prefs> {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Record<string, unknown>;
    const valid: Record<keyof Prefs, (value: unknown) => boolean> = {
      theme: (value) => ["system", "light", "dark"].includes(value as string),
      density: (value) => ["comfortable", "compact"].includes(value as string),
      listWidth: (value) => typeof value === "number" && value >= LIST_MIN && value <= LIST_MAX,
      singleKeys: (value) => typeof value === "boolean",
    };
    const names = Object.keys(valid) as (keyof Prefs)[];
    return Object.fromEntries(names.filter((name) => valid[name](found[name])).map((name) => [name, found[name]]));
  } catch {
    return {};
  }
}
