/** The keyboard of the page. Single keys never act while something is typed, and can be switched off. */

import { SCHEMES, stepWidth, TABS } from "../lib/route.ts";
import {
  closeMessage,
  copyCode,
  copyFirstLink,
  inbox,
  markAllRead,
  opened,
  openFirstLink,
  openMessage,
  removeOpenOrSelected,
  step,
  toggleRead,
  undo,
} from "./app.svelte.ts";
import { prefs } from "./prefs.svelte.ts";
import { router } from "./router.svelte.ts";
import { ui } from "./ui.svelte.ts";

/** What only the list on the screen can do: bring a row into sight, say how many rows are a page. */
class ListMoves {
  reveal: (index: number) => void = () => {};
  page: () => number = () => 10;

  register(reveal: (index: number) => void, page: () => number): () => void {
    this.reveal = reveal;
    this.page = page;
    return () => {
      this.reveal = () => {};
    };
  }
}

export const listMoves = new ListMoves();

type Action = () => void;

/** After `g` the next key names a screen. */
let afterG = 0;
const G_SECONDS = 1_000;

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const target = event.target as HTMLElement;
  if (target.closest("dialog[open]")) return;
  if (target.closest("input, textarea, select, [contenteditable]")) return;
  const action = actionFor(event, target);
  if (!action) return;
  event.preventDefault();
  action();
}

function actionFor(event: KeyboardEvent, target: HTMLElement): Action | undefined {
  const { key } = event;
  const inList = target.id === "messages";
  const nowhere = inList || target === document.body;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    const all = key.toLowerCase() === "a" && !event.altKey && !event.shiftKey && nowhere;
    return all ? () => inbox.selectAll() : undefined;
  }
  if (key === "Escape") return escape;
  if (key === "F6") return () => cyclePanes(event.shiftKey ? -1 : 1);
  return (nowhere ? listKey(event, inList) : undefined) ?? (prefs.singleKeys ? singleKey(event, target) : undefined);
}

function listKey(event: KeyboardEvent, inList: boolean): Action | undefined {
  const extend = event.shiftKey;
  const moves: Record<string, Action> = {
    Home: () => moveTo(0, extend),
    End: () => moveTo(inbox.count - 1, extend),
    PageUp: () => moveBy(-listMoves.page(), extend),
    PageDown: () => moveBy(listMoves.page(), extend),
    Delete: removeOpenOrSelected,
  };
  const focused: Record<string, Action> = {
    ArrowDown: () => moveBy(1, extend),
    ArrowUp: () => moveBy(-1, extend),
    Enter: openActive,
    " ": toggleActive,
  };
  return moves[event.key] ?? (inList ? focused[event.key] : undefined);
}

function singleKey(event: KeyboardEvent, target: HTMLElement): Action | undefined {
  const { key } = event;
  if (key === "g") {
    afterG = event.timeStamp;
    return () => {};
  }
  if (key === "i" && event.timeStamp - afterG < G_SECONDS) return () => router.go({ screen: "inbox", id: "" });
  if (/^[1-9]$/.test(key)) return tab(Number(key) - 1);
  const keys: Record<string, Action> = {
    j: () => next(1),
    k: () => next(-1),
    J: () => moveBy(1, true),
    K: () => moveBy(-1, true),
    o: openActive,
    x: toggleActive,
    "/": focusSearch,
    u: toggleRead,
    U: markAllRead,
    "#": removeOpenOrSelected,
    z: () => void undo(),
    "?": () => (ui.sheet = true),
  };
  const onMessage: Record<string, Action> = {
    c: copyCode,
    l: copyFirstLink,
    L: openFirstLink,
    i: () => router.go({ remote: !router.route.remote }, true),
    m: cycleScheme,
    "[": () => width(-1),
    "]": () => width(1),
  };
  if (key === "Enter" && target === document.body) return openActive;
  return keys[key] ?? (router.route.screen === "message" ? onMessage[key] : undefined);
}

function next(by: number): void {
  listMoves.reveal(step(by));
  showActive();
}

/** While no message is open the keys are the list's, and its focus ring shows where they stand. */
function showActive(): void {
  if (router.route.screen === "inbox") document.getElementById("messages")?.focus({ preventScroll: true });
}

function moveBy(by: number, extend: boolean): void {
  const current = inbox.indexOf(inbox.activeId);
  moveTo(current < 0 ? 0 : current + by, extend);
}

function moveTo(index: number, extend: boolean): void {
  if (extend && inbox.selected.size === 0 && inbox.activeId) inbox.toggle(inbox.activeId);
  const target = inbox.moveTo(index);
  if (target < 0) return;
  if (extend && inbox.activeId) void inbox.selectTo(inbox.activeId);
  listMoves.reveal(target);
  showActive();
}

function openActive(): void {
  if (inbox.activeId) openMessage(inbox.activeId);
}

function toggleActive(): void {
  if (inbox.activeId) inbox.toggle(inbox.activeId);
}

function focusSearch(): void {
  const box = document.getElementById("search") as HTMLInputElement | null;
  box?.focus();
  box?.select();
}

function escape(): void {
  if (inbox.selectionCount) inbox.clearSelection();
  else if (router.route.screen !== "inbox") closeMessage();
  else document.getElementById("messages")?.focus();
}

function tab(index: number): Action | undefined {
  const name = TABS[index];
  if (!name || router.route.screen !== "message") return undefined;
  return () => router.go({ tab: name }, true);
}

function cycleScheme(): void {
  const index = SCHEMES.indexOf(router.route.scheme);
  router.go({ scheme: SCHEMES[(index + 1) % SCHEMES.length]! }, true);
}

function width(by: -1 | 1): void {
  router.go({ width: stepWidth(router.route.width, by), height: 0 }, true);
}

/** Search, list, message, frame, in turn. */
function cyclePanes(by: -1 | 1): void {
  const panes = ["search", "messages", opened.status === "ready" ? "message" : "", "mail-frame"]
    .map((id) => document.getElementById(id))
    .filter((pane): pane is HTMLElement => pane !== null && !pane.closest("[inert]"));
  const at = panes.findLastIndex((pane) => pane.contains(document.activeElement));
  panes.at((at + by + panes.length) % panes.length)?.focus();
}
