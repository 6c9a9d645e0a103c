import { expect, test, vi } from "vitest";
import { ApiError } from "../api/client.ts";
import type { FeedEvent, Message, Summary } from "../api/types.ts";
import { OpenMessage } from "./message.svelte.ts";

const message = (id: string, read = false) => ({ id, read, mailbox: "inbox", subject: id }) as Message;
const event = (type: FeedEvent["type"], data: object) => ({ type, data, seq: 1 }) as FeedEvent;

function opened(get = (id: string) => Promise.resolve(message(id))) {
  const read = vi.fn(() => Promise.resolve({} as Summary));
  const onRead = vi.fn();
  return { store: new OpenMessage({ message: get, read }, onRead), read, onRead };
}

test("opening marks read, by one call", async () => {
  const { store, read, onRead } = opened();
  await store.open("a");
  await store.open("a");
  expect(store.status).toBe("ready");
  expect(store.message?.read).toBe(true);
  expect(read).toHaveBeenCalledExactlyOnceWith("a", true);
  expect(onRead).toHaveBeenCalledExactlyOnceWith("a", true);
});

test("an unknown id is missing, without a spinner", async () => {
  const { store } = opened(() => Promise.reject(new ApiError(404, { code: "not_found", message: "no" })));
  await store.open("a");
  expect(store.status).toBe("missing");
});

test("the answer for a message left behind is not shown", async () => {
  let late: (message: Message) => void = () => {};
  const { store } = opened((id) =>
    id === "a" ? new Promise<Message>((resolve) => (late = resolve)) : Promise.resolve(message(id)),
  );
  void store.open("a");
  await store.open("b");
  late(message("a"));
  await Promise.resolve();
  expect(store.message?.id).toBe("b");
});

test("a message deleted elsewhere says so, and comes back with an undo", async () => {
  const { store } = opened();
  await store.open("a");
  store.apply([event("message.deleted", { ids: ["a"] })]);
  expect(store.status).toBe("gone");
  store.apply([event("message.restored", { ids: ["a"] })]);
  await vi.waitFor(() => expect(store.status).toBe("ready"));
});

test("a refused change is taken back", async () => {
  const { store, read } = opened((id) => Promise.resolve(message(id, true)));
  await store.open("a");
  read.mockRejectedValueOnce(new ApiError(0, { code: "network", message: "" }));
  await store.setRead(false);
  expect(store.message?.read).toBe(true);
});
