/** Addresses of the page: every state of a view is a link. */

import type { Sort } from "../api/client.ts";

export const TABS = ["html", "source", "text", "headers", "raw", "structure", "attachments"] as const;
export type Tab = (typeof TABS)[number];

export const SCHEMES = ["light", "dark"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Widths of the preview in px; 0 is the whole pane. */
export const WIDTHS = [320, 375, 414, 600, 768, 0] as const;

export interface Route {
  screen: "inbox" | "message" | "latest" | "unknown";
  id: string;
  query: string;
  sort: Sort;
  mailbox: string | null;
  tab: Tab | null;
  width: number;
  height: number;
  scheme: Scheme;
  remote: boolean;
}

/** How a message is looked at: stays from one message to the next. */
export const DEFAULT_ROUTE: Route = {
  screen: "inbox",
  id: "",
  query: "",
  sort: "newest",
  mailbox: null,
  tab: null,
  width: 0,
  height: 0,
  scheme: "light",
  remote: false,
};

/** The route of a path below the base (`m/01J…`) and its search. An unknown value of a parameter is left out. */
export function parseRoute(path: string, search: string): Route {
  const params = new URLSearchParams(search);
  const [first, id, ...rest] = path.replace(/^\/+|\/+$/g, "").split("/");
  const route: Route = {
    ...DEFAULT_ROUTE,
    query: params.get("query") ?? "",
    sort: params.get("sort") === "oldest" ? "oldest" : "newest",
    mailbox: params.get("mailbox") || null,
  };
  if (!first) return route;
  if (first !== "m" || !id || rest.length) return { ...route, screen: "unknown" };
  if (id === "latest") return { ...route, screen: "latest", ...view(params) };
  return { ...route, screen: "message", id: decoded(id), ...view(params) };
}

function view(params: URLSearchParams) {
  return {
    tab: oneOf(TABS, params.get("tab")) ?? null,
    width: pixels(params.get("width")),
    height: pixels(params.get("height")),
    scheme: oneOf(SCHEMES, params.get("scheme")) ?? "light",
    remote: params.get("remote") === "1",
  };
}

/** The address of a route, relative to the base. */
export function routeUrl(route: Route): string {
  const params = new URLSearchParams();
  const add = (name: string, value: string | number | null) => value && params.set(name, String(value));
  add("query", route.query);
  add("sort", route.sort === "oldest" ? "oldest" : null);
  add("mailbox", route.mailbox);
  const message = route.screen === "message" || route.screen === "latest";
  if (message) {
    add("tab", route.tab);
    add("width", route.width);
    add("height", route.height);
    add("scheme", route.scheme === "light" ? null : route.scheme);
    add("remote", route.remote ? 1 : null);
  }
  const path = route.screen === "latest" ? "m/latest" : route.id && message ? `m/${encodeURIComponent(route.id)}` : "";
  const search = params.toString();
  return search ? `${path}?${search}` : path;
}

/** The next narrower (-1) or wider (1) of WIDTHS. */
export function stepWidth(width: number, step: -1 | 1): number {
  const order = WIDTHS.map((each) => each || Infinity);
  const current = width || Infinity;
  const next = step < 0 ? order.findLast((each) => each < current) : order.find((each) => each > current);
  return next === undefined ? width : next === Infinity ? 0 : next;
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

function oneOf<Value extends string>(values: readonly Value[], text: string | null): Value | undefined {
  return values.find((value) => value === text);
}

function pixels(text: string | null): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 200 && value <= 4000 ? value : 0;
}
