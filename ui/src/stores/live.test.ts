import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/client.ts";
import type { Events, FeedEvent } from "../api/types.ts";
import { Live, type Feed } from "./live.svelte.ts";

const event = (seq: number): FeedEvent =>
  ({ v: 1, instance: "a", seq, at: "", mailbox: null, type: "message.deleted", data: { ids: [] } }) as FeedEvent;
const frame = (seq: number, events: FeedEvent[] = [event(seq)], instance = "a"): Events => ({ events, instance, seq });
const hello = (seq: number, instance = "a") =>
  frame(seq, [{ ...event(seq), type: "hello", data: { version: "0" } } as FeedEvent], instance);

class Sockets implements Feed {
  opened = 0;
  frame: (data: string) => void = () => {};
  close: () => void = () => {};
  fill = vi.fn<(after: number) => Promise<Events>>(() => Promise.resolve(frame(0, [])));

  open(onFrame: (data: string) => void, closed: () => void) {
    this.opened++;
    this.frame = onFrame;
    this.close = closed;
    return () => closed();
  }

  send(events: Events) {
    this.frame(JSON.stringify(events));
  }
}

let feed: Sockets;
let live: Live;
let seen: number[];
let reload: ReturnType<typeof vi.fn<() => void>>;

beforeEach(() => {
  vi.useFakeTimers();
  feed = new Sockets();
  seen = [];
  reload = vi.fn<() => void>();
  live = new Live({ events: (events) => seen.push(...events.map((each) => each.seq)), reload }, () => 0.5);
  live.start(feed);
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("the hello makes it live", async () => {
  expect(live.state).toBe("connecting");
  feed.send(hello(7));
  await live.ready;
  expect(live.state).toBe("live");
  feed.send(frame(8));
  expect(seen).toEqual([8]);
});

test("an event seen before is not taken again", () => {
  feed.send(hello(7));
  feed.send(frame(8));
  feed.send(frame(9, [event(8), event(9)]));
  expect(seen).toEqual([8, 9]);
});

test("after a break the gap is filled, in order, with frames that come meanwhile behind it", async () => {
  feed.send(hello(7));
  feed.close();
  expect(live.state).toBe("reconnecting");
  await pass(1000);
  expect(feed.opened).toBe(2);
  let answer: (events: Events) => void = () => {};
  feed.fill.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
  feed.send(hello(9));
  feed.send(frame(10));
  expect(feed.fill).toHaveBeenCalledWith(7);
  answer(frame(9, [event(8), event(9)]));
  await pass(0);
  expect(seen).toEqual([8, 9, 10]);
  expect(live.state).toBe("live");
  expect(reload).not.toHaveBeenCalled();
});

test("nothing is fetched if nothing was missed", async () => {
  feed.send(hello(7));
  feed.close();
  await pass(1000);
  feed.send(hello(7));
  expect(live.state).toBe("live");
  expect(feed.fill).not.toHaveBeenCalled();
});

test("another instance means loading again", async () => {
  feed.send(hello(7));
  feed.close();
  await pass(1000);
  feed.send(hello(3, "b"));
  expect(reload).toHaveBeenCalledOnce();
  feed.send(frame(4, [event(4)], "b"));
  expect(seen).toEqual([4]);
});

test("events that are gone mean loading again", async () => {
  feed.send(hello(7));
  feed.close();
  await pass(1000);
  feed.fill.mockRejectedValueOnce(new ApiError(410, { code: "gone", message: "gone" }));
  feed.send(hello(20_000));
  await pass(0);
  expect(reload).toHaveBeenCalledOnce();
  expect(live.state).toBe("live");
  feed.send(frame(20_001));
  expect(seen).toEqual([20_001]);
});

test("a server that is gone is offline, and tried with growing pauses", async () => {
  feed.fill.mockRejectedValue(new ApiError(0, { code: "network", message: "" }));
  feed.send(hello(7));
  feed.close();
  await pass(1000);
  feed.close();
  await pass(0);
  expect(live.state).toBe("offline");
  await pass(1999);
  expect(feed.opened).toBe(2);
  await pass(1);
  expect(feed.opened).toBe(3);
  feed.send(hello(7));
  expect(live.state).toBe("live");
});

test("a proxy that breaks the socket means polling", async () => {
  feed.send(hello(7));
  feed.fill.mockResolvedValue(frame(7, []));
  for (const pause of [1000, 2000, 0]) {
    feed.close();
    await pass(pause);
  }
  expect(live.state).toBe("polling");
  feed.fill.mockResolvedValueOnce(frame(8, [event(8)]));
  await pass(5000);
  feed.close();
  await pass(0);
  expect(seen).toEqual([8]);
  expect(live.state).toBe("polling");
});

test("a page that was hidden for long asks what it missed", async () => {
  feed.send(hello(7));
  live.hidden(0);
  feed.fill.mockResolvedValueOnce(frame(8, [event(8)]));
  live.visible(60_000);
  await pass(0);
  expect(feed.fill).toHaveBeenCalledWith(7);
  expect(seen).toEqual([8]);
  expect(live.state).toBe("live");
});

test("a socket that died in its sleep is opened again", async () => {
  feed.send(hello(7));
  live.hidden(0);
  feed.fill.mockRejectedValueOnce(new ApiError(0, { code: "network", message: "" }));
  live.visible(60_000);
  await pass(0);
  expect(live.state).toBe("reconnecting");
  await pass(1000);
  expect(feed.opened).toBe(2);
});
