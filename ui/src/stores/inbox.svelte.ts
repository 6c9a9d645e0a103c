/** The list: which rows there are, which are loaded, what is new, active and selected. No DOM. */

import { SvelteSet } from "svelte/reactivity";
import { ApiError, isAbort, type Api, type Sort } from "../api/client.ts";
import type { FeedEvent, List, Selector, Summary } from "../api/types.ts";
import { KEPT_PAGES, PAGE, Rows } from "../lib/rows.ts";

export interface View {
  query: string;
  mailbox: string | null;
  sort: Sort;
}

/** Removed rows remembered for an undo, and ids for events that tell what is known. */
const REMEMBERED = 5_000;
/** More new rows than this are loaded again instead of being put in. */
const MANY = 1_000;
const PROBE_DELAY = 250;

type InboxApi = Pick<Api, "list">;

export class Inbox {
  view = $state.raw<View>({ query: "", mailbox: null, sort: "newest" });
  status = $state<"loading" | "ready" | "error">("loading");
  error = $state.raw<ApiError | null>(null);
  /** New rows that wait, because the reader is away from the top. */
  waiting = $state(0);
  activeId = $state<string | null>(null);
  selected = new SvelteSet<string>();
  /** Everything that matches is selected, loaded or not. */
  allSelected = $state(false);
  /** Whether the newest rows are in sight, so that new ones may be put in. */
  atTop = true;

  #version = $state(0);
  #rows = new Rows<Summary>();
  #cursor: string | null = null;
  #waiting: Summary[] = [];
  #gone = new Set<string>();
  #removed = new Map<string, Summary>();
  #inFlight = new Map<number, AbortController>();
  #window: [number, number] = [0, 0];
  #loading: AbortController | null = null;
  #probe: ReturnType<typeof setTimeout> | null = null;
  #anchorId: string | null = null;
  /** The row to become active as soon as it is loaded. */
  #goal = -1;

  constructor(readonly api: InboxApi) {}

  get count(): number {
    void this.#version;
    return this.#rows.count;
  }

  at(index: number): Summary | undefined {
    void this.#version;
    return this.#rows.at(index);
  }

  get(id: string): Summary | undefined {
    void this.#version;
    return this.#rows.get(id);
  }

  indexOf(id: string | null): number {
    void this.#version;
    return id === null ? -1 : this.#rows.indexOf(id);
  }

  get selectionCount(): number {
    return this.allSelected ? this.count : this.selected.size;
  }

  // Loading

  /** Show another view. Until its rows are there, those of the last one stay. Returns the answer, or throws ApiError. */
  async load(view: View): Promise<List | null> {
    this.#loading?.abort();
    this.#abortPages();
    const loading = (this.#loading = new AbortController());
    if (this.count === 0) this.status = "loading";
    try {
      const list = await this.api.list({ ...view, limit: PAGE }, loading.signal);
      this.#show(view, list);
      return list;
    } catch (error) {
      if (isAbort(error)) return null;
      if (this.status === "loading") this.status = "error";
      this.error = error as ApiError;
      throw error;
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }

  /** Load the same view again, with the rows in sight, before anything changes on the screen. */
  async reload(): Promise<void> {
    const { view } = this;
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    try {
      const first = await this.api.list({ ...view, limit: PAGE }, signal);
      const rows = new Rows<Summary>(view.sort === "newest");
      rows.reset(first.messages, first.total);
      const page = (number: number) =>
        this.api.list({ ...view, limit: PAGE, cursor: first.next_cursor, offset: number * PAGE }, signal);
      const pages = rows.missing(...this.#window);
      const lists = await Promise.all(pages.map(page));
      if (signal.aborted) return;
      lists.forEach((list, index) => rows.place(pages[index]!, list.messages));
      this.#abortPages();
      this.#show(view, first, rows);
    } catch (error) {
      if (!isAbort(error)) this.error = error as ApiError;
    }
  }

  #show(view: View, list: List, rows?: Rows<Summary>): void {
    const same = sameView(view, this.view);
    this.view = view;
    this.error = null;
    this.status = "ready";
    this.#cursor = list.next_cursor;
    this.#rows = rows ?? new Rows<Summary>(view.sort === "newest");
    if (!rows) this.#rows.reset(list.messages, list.total);
    this.#waiting = [];
    this.waiting = 0;
    if (!same) {
      this.clearSelection();
      if (this.activeId !== null && !this.#rows.get(this.activeId)) this.activeId = null;
      this.#window = [0, 0];
    }
    this.#version++;
  }

  /** Rows first..last (exclusive) are in sight: fetch what is missing, forget what was asked for elsewhere. */
  need(first: number, last: number): void {
    this.#window = [first, last];
    const pages = this.#rows.missing(first, last);
    for (const [page, request] of this.#inFlight) {
      if (pages.includes(page)) continue;
      request.abort();
      this.#inFlight.delete(page);
    }
    for (const page of pages) if (!this.#inFlight.has(page)) void this.#fetch(page);
    for (let index = first; index < last; index += PAGE) {
      const page = Math.floor((index - this.#rows.anchor) / PAGE);
      if (page >= 0 && this.#rows.at(index)) this.#rows.touch(page);
    }
  }

  async #fetch(page: number): Promise<void> {
    const request = new AbortController();
    this.#inFlight.set(page, request);
    const rows = this.#rows;
    const { generation } = rows;
    try {
      const list = await this.api.list(
        { ...this.view, limit: PAGE, cursor: this.#cursor, offset: page * PAGE },
        request.signal,
      );
      this.#inFlight.delete(page);
      if (rows !== this.#rows) return;
      if (rows.generation !== generation) return this.need(...this.#window);
      if (!rows.place(page, list.messages)) return void this.reload();
      if (this.#goal >= 0 && rows.at(this.#goal)) this.moveTo(this.#goal);
      this.#version++;
    } catch (error) {
      if (this.#inFlight.get(page) === request) this.#inFlight.delete(page);
      if (!isAbort(error)) this.error = error as ApiError;
    }
  }

  #abortPages(): void {
    for (const request of this.#inFlight.values()) request.abort();
    this.#inFlight.clear();
  }

  // The feed

  /** Take in what happened. Returns how many messages are new to this view. */
  apply(events: FeedEvent[]): number {
    const arrived: Summary[] = [];
    let count = 0;
    for (const event of events) {
      if (event.type === "message.new") {
        const matches = this.#matches(event.data);
        if (matches === null) this.#probe ??= setTimeout(() => void this.#ask(), PROBE_DELAY);
        else if (matches) {
          arrived.push(event.data);
          count++;
        }
        continue;
      }
      this.#take(arrived);
      if (event.type === "message.updated") this.patch(event.data.ids, event.data.changes);
      else if (event.type === "message.deleted") this.#deletedElsewhere(event.data.ids);
      else if (event.type === "message.restored" && !this.restore(event.data.ids)) void this.reload();
      else if (event.type === "messages.cleared") void this.reload();
    }
    this.#take(arrived);
    return count;
  }

  /** Whether a new message belongs to the view; null if only the server can tell. */
  #matches(message: Summary): boolean | null {
    const { query, mailbox } = this.view;
    if (mailbox !== null && message.mailbox !== mailbox) return false;
    const plain = query.trim();
    if (plain === "") return true;
    if (plain === "is:unread") return !message.read;
    return null;
  }

  /** A query is shown: ask the server which of the new messages match it. */
  async #ask(): Promise<void> {
    this.#probe = null;
    const rows = this.#rows;
    try {
      const list = await this.api.list({ ...this.view, limit: PAGE });
      if (rows !== this.#rows) return;
      if (this.view.sort === "oldest") return void (list.total !== this.count && this.reload());
      const fresh = list.messages.filter((row) => !this.#known(row.id));
      if (fresh.length === PAGE) return void this.reload();
      this.#take(fresh.toReversed());
    } catch {
      // The next message asks again.
    }
  }

  #known(id: string): boolean {
    return this.#rows.get(id) !== undefined || this.#waiting.some((row) => row.id === id);
  }

  /** Put new rows in, or let them wait. */
  #take(arrived: Summary[]): void {
    const rows = arrived.splice(0).filter((row) => !this.#gone.has(row.id) && !this.#known(row.id));
    if (rows.length === 0 || this.status !== "ready") return;
    if (this.atTop || this.view.sort === "oldest") {
      this.#rows.arrive(rows);
      this.#version++;
      if (this.atTop && this.#rows.anchor > MANY + PAGE) void this.reload();
    } else {
      this.waiting += rows.length;
      if (this.#waiting.length <= MANY) this.#waiting.push(...rows);
    }
  }

  /** Put in what waits: the reader is at the top again. */
  async showWaiting(): Promise<void> {
    this.atTop = true;
    if (this.waiting > MANY || this.#rows.anchor > MANY + PAGE) return this.reload();
    const rows = this.#waiting;
    this.#waiting = [];
    this.waiting = 0;
    this.#rows.arrive(rows);
    this.#version++;
  }

  #deletedElsewhere(ids: string[]): void {
    const news = ids.filter((id) => !this.#gone.has(id));
    if (news.length === 0) return;
    const unseen = news.some((id) => !this.#known(id));
    this.remove(news);
    if (unseen && this.view.query.trim() !== "") void this.reload();
  }

  // Changes

  /** Take rows out at once. Unless it is told where to go, the active row becomes the one that takes its place. */
  remove(ids: string[]): Summary[] {
    for (const id of ids) remember(this.#gone, id);
    const active = this.activeId !== null && ids.includes(this.activeId) ? this.indexOf(this.activeId) : -1;
    const removed = this.#rows.remove(ids);
    for (const row of removed) {
      this.#removed.set(row.id, row);
      this.selected.delete(row.id);
    }
    while (this.#removed.size > REMEMBERED) this.#removed.delete(this.#removed.keys().next().value!);
    const gone = new Set(ids);
    const stay = this.#waiting.filter((row) => !gone.has(row.id));
    this.waiting -= this.#waiting.length - stay.length;
    this.#waiting = stay;
    this.#version++;
    if (active >= 0) {
      const next = this.#rows.at(Math.min(active, this.#rows.count - 1));
      this.activeId = next?.id ?? null;
    }
    return removed;
  }

  /** Put removed rows back. False if some are not remembered. */
  restore(ids: string[]): boolean {
    const back = ids.filter((id) => this.#gone.delete(id));
    const rows = back.flatMap((id) => this.#removed.get(id) ?? []);
    for (const row of rows) this.#removed.delete(row.id);
    this.#rows.insert(rows);
    this.#version++;
    return rows.length === back.length && (back.length > 0 || ids.every((id) => this.#known(id)));
  }

  patch(ids: string[], changes: { read?: boolean }): void {
    for (const id of ids) {
      const row = this.#rows.get(id);
      if (row && changes.read !== undefined && row.read !== changes.read)
        this.#rows.update({ ...row, read: changes.read });
      const waits = this.#waiting.findIndex((other) => other.id === id);
      if (waits >= 0 && changes.read !== undefined)
        this.#waiting[waits] = { ...this.#waiting[waits]!, read: changes.read };
    }
    this.#version++;
  }

  /** Every loaded row is read. */
  patchAll(read: boolean): void {
    for (let index = 0; index < this.#rows.count; index++) {
      const row = this.#rows.at(index);
      if (row && row.read !== read) this.#rows.update({ ...row, read });
    }
    this.#version++;
  }

  // The active row and the selection

  /** Move the active row; to the first if there is none. Returns its index, or -1 in an empty list. */
  move(step: number): number {
    const current = this.indexOf(this.activeId);
    return this.moveTo(current < 0 ? (step < 0 ? this.count - 1 : 0) : current + step);
  }

  moveTo(index: number): number {
    if (this.count === 0) return -1;
    const target = Math.max(0, Math.min(index, this.count - 1));
    const row = this.#rows.at(target);
    this.#goal = row ? -1 : target;
    if (row) this.activeId = row.id;
    return target;
  }

  /** A row that is not loaded yet is to become active. */
  get awaited(): boolean {
    return this.#goal >= 0;
  }

  toggle(id: string): void {
    if (this.allSelected) this.#selectLoaded();
    if (!this.selected.delete(id)) this.selected.add(id);
    this.#anchorId = id;
  }

  /** Select from the row selected last to this one; what lies between is fetched first, as far as it is kept. */
  async selectTo(id: string): Promise<void> {
    const from = this.#anchorId ?? this.activeId ?? id;
    this.#anchorId ??= id;
    const [first, last] = this.#between(from, id);
    for (const page of this.#rows.missing(first, last + 1).slice(-KEPT_PAGES)) await this.#fetch(page);
    const [start, end] = this.#between(from, id);
    for (let index = start; index <= end; index++) {
      const row = this.#rows.at(index);
      if (row) this.selected.add(row.id);
    }
  }

  /** First and last index of a range of rows; only the second if the first is not in the list. */
  #between(a: string, b: string): [number, number] {
    const [from, to] = [this.indexOf(a), this.indexOf(b)];
    return from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
  }

  selectAll(): void {
    if (this.count > 0) this.allSelected = true;
  }

  clearSelection(): void {
    this.selected.clear();
    this.allSelected = false;
    this.#anchorId = null;
  }

  isSelected(id: string): boolean {
    return this.allSelected || this.selected.has(id);
  }

  /** The selection as the API takes it, or null if nothing is selected. */
  get selector(): Selector | null {
    if (this.allSelected) return everything(this.view.query);
    return this.selected.size ? { ids: [...this.selected] } : null;
  }

  /** After "select all" one row was taken out: what remains is what is loaded. */
  #selectLoaded(): void {
    this.allSelected = false;
    for (let index = 0; index < this.#rows.count; index++) {
      const row = this.#rows.at(index);
      if (row) this.selected.add(row.id);
    }
  }
}

/** All that a query matches, in the form of the API. */
export function everything(query: string): Selector {
  return query.trim() ? { query } : { all: true };
}

function sameView(a: View, b: View): boolean {
  return a.query === b.query && a.mailbox === b.mailbox && a.sort === b.sort;
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  while (ids.size > 2 * REMEMBERED) ids.delete(ids.values().next().value!);
}
