/** The stores of the page, wired to each other, and what a reader can do. */

import { address, api, ApiError } from "../api/client.ts";
import type { FeedEvent, Info, Selector } from "../api/types.ts";
import { t } from "../i18n/index.ts";
import { web } from "../lib/text.ts";
import { copy } from "../lib/clipboard.ts";
import { Counts } from "./counts.svelte.ts";
import { everything, Inbox } from "./inbox.svelte.ts";
import { Live, type Feed } from "./live.svelte.ts";
import { OpenMessage } from "./message.svelte.ts";
import { router } from "./router.svelte.ts";
import { Search } from "./search.svelte.ts";
import { announcer, toasts } from "./toasts.svelte.ts";

const UNDO_SECONDS = 8;
/** A feed that says nothing for this long does not keep the first list waiting. */
const FEED_PATIENCE = 400;

export const inbox = new Inbox(api);
export const counts = new Counts(api);
export const opened = new OpenMessage(api, (id, read) => {
  inbox.patch([id], { read });
  counts.unread = Math.max(0, counts.unread + (read ? -1 : 1));
});
export const live = new Live({ events: take, reload: reloadAll });
export const search = new Search(find);

class Environment {
  info = $state.raw<Info | null>(null);
  #asked = false;

  /** Ask once for what the empty page shows. */
  async ask(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    try {
      this.info = await api.info();
    } catch {
      this.#asked = false;
    }
  }
}

export const environment = new Environment();

// The feed

let queued: FeedEvent[] = [];
let flushing = false;

/** Events are taken in once a frame; a hidden page has no frames, but its title still counts. */
function take(events: FeedEvent[]): void {
  queued.push(...events);
  if (flushing) return;
  flushing = true;
  if (document.hidden) setTimeout(flush, 50);
  else requestAnimationFrame(flush);
}

function flush(): void {
  flushing = false;
  const events = queued;
  queued = [];
  const arrived = inbox.apply(events);
  opened.apply(events);
  counts.apply(events);
  if (arrived) announcer.arrived(arrived, (count) => t("inbox.arrived", { count }));
}

function reloadAll(): void {
  void inbox.reload();
  void counts.refresh();
}

function feed(mailbox: string | null): Feed {
  return {
    open(frame, closed) {
      const url = address("api/live", { mailbox }).replace(/^http/, "ws");
      const socket = new WebSocket(url);
      socket.onmessage = (message) => frame(message.data as string);
      socket.onclose = closed;
      return () => socket.close();
    },
    fill: (after) => api.events(after, mailbox),
  };
}

/** Open the feed, then load what the address asks for, so that nothing falls between the two. */
export function start(): () => void {
  const stopRouter = router.start();
  const { route } = router;
  counts.mailbox = route.mailbox;
  live.start(feed(route.mailbox));
  const patience = new Promise((resolve) => setTimeout(resolve, FEED_PATIENCE));
  void Promise.race([live.ready, patience]).then(() => search.set(router.route.query));
  const seen = () => (document.hidden ? live.hidden(Date.now()) : live.visible(Date.now()));
  const online = () => live.retry();
  document.addEventListener("visibilitychange", seen);
  addEventListener("online", online);
  return () => {
    stopRouter();
    live.stop();
    document.removeEventListener("visibilitychange", seen);
    removeEventListener("online", online);
  };
}

/** The address changed by itself (back, forward, a link): show what it says. */
export function follow(query: string, mailbox: string | null): void {
  if (mailbox !== counts.mailbox) {
    counts.mailbox = mailbox;
    live.start(feed(mailbox));
  }
  void search.set(query);
}

async function find(query: string): Promise<void> {
  const { sort, mailbox } = router.route;
  const list = await inbox.load({ query, sort, mailbox });
  if (list === null) return;
  if (query === "") counts.set(list.total, list.unread);
  else if (!counts.known) void counts.refresh();
  if (query !== router.route.query) router.go({ query }, query !== "" && router.route.query !== "");
}

// What a reader can do

let lastUndo: { token: string; ids: string[] }[] = [];

/** Delete at once, with a way back for some seconds. */
export async function remove(what: Selector): Promise<void> {
  const ids = "ids" in what ? what.ids : [];
  const removed = inbox.remove(ids);
  const after = afterRemoval(ids);
  try {
    const answer = await api.remove(what, router.route.mailbox, UNDO_SECONDS);
    if (!("ids" in what)) {
      inbox.clearSelection();
      void inbox.reload();
    }
    counts.refreshSoon();
    const entry = answer.undo === null ? null : { token: answer.undo, ids };
    if (entry) lastUndo.push(entry);
    toasts.show(t("toast.deleted", { count: answer.deleted }), {
      seconds: UNDO_SECONDS,
      action: entry ? { label: t("toast.undo"), run: () => void undo(entry) } : undefined,
    });
    announcer.say(t("toast.deleted", { count: answer.deleted }));
    opened.forget(ids);
  } catch (error) {
    inbox.restore(removed.map((row) => row.id));
    after?.();
    failed(error);
  }
}

/** The open message goes: show the one that takes its place, beside the list; else the list. Returns the way back. */
function afterRemoval(ids: string[]): (() => void) | null {
  const { route } = router;
  if (route.screen !== "message" || !ids.includes(route.id)) return null;
  const next = inbox.activeId;
  if (next) router.go({ screen: "message", id: next, remote: false }, true);
  else router.go({ screen: "inbox", id: "" }, true);
  return () => router.go(route, true);
}

export async function undo(entry = lastUndo.at(-1)): Promise<void> {
  if (!entry || !lastUndo.includes(entry)) return;
  lastUndo = lastUndo.filter((other) => other !== entry);
  try {
    const { restored } = await api.undo(entry.token);
    if (entry.ids.length === 0 || !inbox.restore(entry.ids)) void inbox.reload();
    counts.refreshSoon();
    toasts.show(t("toast.restored", { count: restored }));
    announcer.say(t("toast.restored", { count: restored }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) toasts.show(t("toast.undoLate"), { kind: "error" });
    else failed(error);
  }
}

export function removeOpenOrSelected(): void {
  const { selector } = inbox;
  const one = router.route.screen === "message" && opened.status === "ready" ? opened.id : inbox.activeId;
  if (selector) void remove(selector);
  else if (one) void remove({ ids: [one] });
}

/** Mark what is selected, else the open message, else the active row: read if anything in it is unread. */
export function toggleRead(): void {
  const { selector } = inbox;
  if (selector) {
    const unread = "ids" in selector ? selector.ids.some((id) => inbox.get(id)?.read === false) : true;
    void markMany(selector, unread);
  } else if (opened.status === "ready" && opened.message) {
    void opened.setRead(!opened.message.read);
  } else if (inbox.activeId) {
    const row = inbox.get(inbox.activeId);
    if (row) void markMany({ ids: [row.id] }, !row.read);
  }
}

export async function markMany(what: Selector, read: boolean): Promise<void> {
  const ids = "ids" in what ? what.ids : null;
  try {
    const { changed } = await api.readMany(what, router.route.mailbox, read);
    if (ids) inbox.patch(ids, { read });
    else inbox.patchAll(read);
    opened.patch(ids ?? (opened.id ? [opened.id] : []), { read });
    counts.refreshSoon();
    if (ids === null || ids.length > 1) toasts.show(t(read ? "toast.read" : "toast.unread", { count: changed }));
  } catch (error) {
    failed(error);
  }
}

export function markAllRead(): void {
  void markMany(everything(inbox.view.query), true);
}

function failed(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  toasts.show(t("toast.failed", { message }), { kind: "error", seconds: 10 });
}

export async function copyText(text: string): Promise<boolean> {
  const done = await copy(text);
  toasts.show(t(done ? "highlight.copied" : "highlight.copyFailed"), { kind: done ? "info" : "error", seconds: 2 });
  return done;
}

export function copyCode(): void {
  const code = opened.message?.codes[0]?.code ?? opened.message?.code;
  if (code) void copyText(code);
}

export function firstLink(): string | null {
  return opened.message?.links.find((link) => web(link.url))?.url ?? null;
}

export function copyFirstLink(): void {
  const url = firstLink();
  if (url) void copyText(url);
}

export function openFirstLink(): void {
  const url = firstLink();
  if (url) window.open(url, "_blank", "noopener,noreferrer");
}

/** Open a row of the list. How the last message was looked at stays, but remote content is asked for each time. */
export function openMessage(id: string, replace = false): void {
  inbox.activeId = id;
  if (router.route.screen === "message" && router.route.id === id) return;
  const wasOpen = router.route.screen === "message";
  router.go({ screen: "message", id, remote: false, tab: wasOpen ? router.route.tab : null }, replace);
}

export function closeMessage(): void {
  router.go({ screen: "inbox", id: "", remote: false });
}

/** Move in the list; the open message follows. */
export function step(by: number): number {
  const index = inbox.move(by);
  if (router.route.screen === "message" && inbox.activeId) openMessage(inbox.activeId, true);
  return index;
}
