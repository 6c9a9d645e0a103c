import { beforeEach, expect, test, vi } from "vitest";
import { ApiError, type ListRequest } from "../api/client.ts";
import type { FeedEvent, Summary } from "../api/types.ts";
import { Inbox } from "./inbox.svelte.ts";

/** A server with messages 1..n in memory, that counts what it is asked. */
class Server {
  messages: Summary[] = [];
  calls: ListRequest[] = [];
  refuse: ApiError | null = null;

  constructor(count: number) {
    for (let seq = 1; seq <= count; seq++) this.add(seq);
  }

  add(seq: number): Summary {
    const message = summary(seq);
    this.messages.unshift(message);
    return message;
  }

  list = async (request: ListRequest, signal?: AbortSignal) => {
    this.calls.push(request);
    await Promise.resolve();
    if (signal?.aborted) throw new DOMException("", "AbortError");
    if (this.refuse) throw this.refuse;
    const matching = this.messages.filter((row) => !request.query || row.subject.includes(request.query));
    const sorted = request.sort === "oldest" ? matching.toReversed() : matching;
    const start = request.cursor ? sorted.findIndex((row) => String(row.seq) === request.cursor) + 1 : 0;
    const rows = sorted.slice(start + (request.offset ?? 0)).slice(0, request.limit);
    const last = rows.at(-1);
    return {
      messages: rows,
      total: matching.length,
      unread: matching.filter((row) => !row.read).length,
      next_cursor: last ? String(last.seq) : null,
    };
  };
}

function summary(seq: number): Summary {
  return {
    id: `m${String(seq).padStart(9, "0")}`,
    seq,
    mailbox: "inbox",
    subject: `number ${seq}`,
    read: false,
  } as Summary;
}

let seq = 0;
function event(type: FeedEvent["type"], data: object): FeedEvent {
  return { v: 1, instance: "i", seq: ++seq, at: "", mailbox: "inbox", type, data } as FeedEvent;
}

const id = (seq: number) => summary(seq).id;
const settled = () => vi.waitFor(() => Promise.resolve()).then(() => new Promise((resolve) => setTimeout(resolve)));

let server: Server;
let inbox: Inbox;

beforeEach(async () => {
  server = new Server(1000);
  inbox = new Inbox(server);
  await inbox.load({ query: "", mailbox: null, sort: "newest" });
});

test("a large mailbox is usable after one call", () => {
  expect(server.calls).toHaveLength(1);
  expect(inbox.count).toBe(1000);
  expect(inbox.at(0)?.seq).toBe(1000);
  expect(inbox.at(500)).toBeUndefined();
});

test("what comes into sight is fetched, once", async () => {
  inbox.need(490, 510);
  inbox.need(491, 511);
  await settled();
  expect(server.calls).toHaveLength(3);
  expect(inbox.at(500)?.seq).toBe(500);
});

test("arrivals shift nothing that is fetched later", async () => {
  inbox.apply([event("message.new", server.add(1001)), event("message.new", server.add(1002))]);
  inbox.need(502, 503);
  await settled();
  expect(inbox.at(0)?.seq).toBe(1002);
  expect(inbox.at(502)?.seq).toBe(500);
});

test("away from the top new messages wait", async () => {
  inbox.atTop = false;
  expect(inbox.apply([event("message.new", server.add(1001))])).toBe(1);
  expect(inbox.waiting).toBe(1);
  expect(inbox.at(0)?.seq).toBe(1000);
  await inbox.showWaiting();
  expect(inbox.waiting).toBe(0);
  expect(inbox.at(0)?.seq).toBe(1001);
});

test("a burst larger than can be put in is loaded again", async () => {
  inbox.atTop = false;
  inbox.apply(Array.from({ length: 1500 }, (_, index) => event("message.new", server.add(1001 + index))));
  expect(inbox.waiting).toBe(1500);
  await inbox.showWaiting();
  expect(inbox.count).toBe(2500);
  expect(inbox.at(0)?.seq).toBe(2500);
  expect(server.calls).toHaveLength(2);
});

test("a message that is new and deleted in one batch does not stay", () => {
  inbox.apply([event("message.new", server.add(1001)), event("message.deleted", { ids: [id(1001)] })]);
  expect(inbox.count).toBe(1000);
});

test("the echo of a deletion changes nothing more", () => {
  inbox.remove([id(999)]);
  inbox.apply([event("message.deleted", { ids: [id(999)] })]);
  expect(inbox.count).toBe(999);
  expect(inbox.at(1)?.seq).toBe(998);
});

test("what is taken by retention leaves the end of the list", () => {
  inbox.apply([event("message.deleted", { ids: [id(1), id(2)] })]);
  expect(inbox.count).toBe(998);
  expect(inbox.at(0)?.seq).toBe(1000);
});

test("undo puts the rows back where they were, and its echo changes nothing", () => {
  inbox.remove([id(998), id(997)]);
  expect(inbox.restore([id(998), id(997)])).toBe(true);
  inbox.apply([event("message.restored", { ids: [id(998), id(997)] })]);
  expect(inbox.count).toBe(1000);
  expect([0, 1, 2, 3].map((index) => inbox.at(index)?.seq)).toEqual([1000, 999, 998, 997]);
});

test("when the active row goes, the next one is active", () => {
  inbox.moveTo(1);
  inbox.remove([id(999)]);
  expect(inbox.activeId).toBe(id(998));
});

test("read and unread follow the feed", () => {
  inbox.apply([event("message.updated", { ids: [id(1000)], changes: { read: true } })]);
  expect(inbox.get(id(1000))?.read).toBe(true);
});

test("a mistake in the query keeps the last good result", async () => {
  server.refuse = new ApiError(400, { code: "query", message: "no", position: 3 });
  await expect(inbox.load({ query: "xyz:", mailbox: null, sort: "newest" })).rejects.toThrow("no");
  expect(inbox.view.query).toBe("");
  expect(inbox.count).toBe(1000);
});

test("with a query the server says which new messages match", async () => {
  vi.useFakeTimers();
  await inbox.load({ query: "number 10", mailbox: null, sort: "newest" });
  const before = inbox.count;
  inbox.apply([event("message.new", server.add(1001)), event("message.new", server.add(2222))]);
  await vi.advanceTimersByTimeAsync(400);
  expect(inbox.count).toBe(before + 1);
  expect(inbox.at(0)?.seq).toBe(1001);
  vi.useRealTimers();
});

test("the unread view takes new messages from the event", async () => {
  server.messages.forEach((row) => (row.subject += " is:unread"));
  await inbox.load({ query: "is:unread", mailbox: null, sort: "newest" });
  const calls = server.calls.length;
  inbox.apply([event("message.new", server.add(1001))]);
  expect(inbox.at(0)?.seq).toBe(1001);
  expect(server.calls).toHaveLength(calls);
});

test("a range is selected from the last selected row", async () => {
  inbox.toggle(id(1000));
  await inbox.selectTo(id(997));
  expect([...inbox.selected].sort()).toEqual([997, 998, 999, 1000].map(id));
  expect(inbox.selector).toEqual({ ids: expect.arrayContaining([id(997)]) });
});

test("a range over rows that are not loaded fetches them", async () => {
  inbox.toggle(id(1000));
  inbox.need(690, 700);
  await settled();
  await inbox.selectTo(id(305));
  expect(inbox.selected.size).toBe(696);
});

test("all that match are selected without loading them", () => {
  inbox.selectAll();
  expect(inbox.selectionCount).toBe(1000);
  expect(inbox.selector).toEqual({ all: true });
  expect(inbox.isSelected(id(3))).toBe(true);
});

test("End makes the last row active as soon as it is loaded", async () => {
  inbox.moveTo(999);
  inbox.need(980, 1000);
  await settled();
  expect(inbox.activeId).toBe(id(1));
});

test("a list that changed unseen is loaded again", async () => {
  server.messages = server.messages.filter((row) => row.seq % 2 === 0);
  inbox.need(600, 620);
  await settled();
  await settled();
  expect(inbox.count).toBe(500);
});
