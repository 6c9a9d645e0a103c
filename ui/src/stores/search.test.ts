import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/client.ts";
import { Search } from "./search.svelte.ts";

const refusal = (position?: number) =>
  new ApiError(400, {
    code: "query",
    message: "unknown field",
    hint: "try from:",
    ...(position === undefined ? {} : { position }),
  });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("typing asks once, after a pause", async () => {
  const find = vi.fn(() => Promise.resolve());
  const search = new Search(find);
  for (const text of ["a", "ad", "ada "]) search.type(text);
  await vi.advanceTimersByTimeAsync(149);
  expect(find).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(find).toHaveBeenCalledExactlyOnceWith("ada");
});

test("a mistake points at its character, also behind characters outside the basic plane", async () => {
  const search = new Search(() => Promise.reject(refusal(2)));
  await search.set("🙂 x:1");
  expect(search.mistake?.at).toEqual(["🙂 ", "x", ":1"]);
  expect(search.mistake?.hint).toBe("try from:");
});

test("a mistake at the end of the query has nothing to point at but the end", async () => {
  const search = new Search(() => Promise.reject(refusal(5)));
  await search.set("from:");
  expect(search.mistake?.at).toEqual(["from:", "", ""]);
});

test("the next good query clears the mistake", async () => {
  const find = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(refusal(0));
  const search = new Search(find);
  await search.set("x:");
  expect(search.mistake).not.toBeNull();
  await search.set("x");
  expect(search.mistake).toBeNull();
});

test("an answer that comes too late says nothing about the newer query", async () => {
  let late: (error: ApiError) => void = () => {};
  const find = vi
    .fn(() => Promise.resolve())
    .mockImplementationOnce(() => new Promise<void>((_, reject) => (late = reject)));
  const search = new Search(find);
  void search.set("x:");
  await search.set("x");
  late(refusal(0));
  await vi.advanceTimersByTimeAsync(0);
  expect(search.mistake).toBeNull();
});
