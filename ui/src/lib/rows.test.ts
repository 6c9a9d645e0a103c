import { expect, test } from "vitest";
import { PAGE, Rows } from "./rows.ts";

/** Rows with seq `from` down to `to`. */
function down(from: number, to: number) {
  return Array.from({ length: from - to + 1 }, (_, offset) => row(from - offset));
}

const row = (seq: number) => ({ id: `m${String(seq).padStart(9, "0")}`, seq });

function loaded(total: number) {
  const rows = new Rows();
  rows.reset(down(total, total - PAGE + 1), total);
  return rows;
}

test("arrivals shift no page", () => {
  const rows = loaded(1000);
  expect(rows.missing(0, 100)).toEqual([]);
  expect(rows.missing(100, 250)).toEqual([0, 1]);
  rows.arrive([row(1001), row(1002)]);
  expect(rows.count).toBe(1002);
  expect(rows.at(0)?.seq).toBe(1002);
  expect(rows.missing(102, 202)).toEqual([0]);
  expect(rows.place(0, down(900, 801))).toBe(true);
  expect(rows.at(102)?.seq).toBe(900);
  expect(rows.at(101)?.seq).toBe(901);
});

test("a known arrival is not counted twice", () => {
  const rows = loaded(200);
  expect(rows.arrive([row(200), row(201)])).toBe(1);
  expect(rows.count).toBe(201);
});

test("a loaded row that is removed moves what follows, before and behind the anchor", () => {
  const rows = loaded(1000);
  rows.place(0, down(900, 801));
  const before = rows.generation;
  rows.remove([row(950).id]);
  expect(rows.anchor).toBe(99);
  expect(rows.generation).toBe(before);
  expect(rows.at(99)?.seq).toBe(900);
  rows.remove([row(880).id]);
  expect(rows.generation).toBeGreaterThan(before);
  expect(rows.at(118)?.seq).toBe(881);
  expect(rows.at(119)?.seq).toBe(879);
});

test("an unseen id leaves the gap it stands in", () => {
  const rows = loaded(1000);
  rows.place(2, down(700, 601));
  rows.remove([row(750).id, row(5).id]);
  expect(rows.count).toBe(998);
  expect(rows.at(299)?.seq).toBe(700);
  expect(rows.at(199 + 100)?.seq).toBe(700);
});

test("an unseen id between two neighbours was never in the list", () => {
  const rows = new Rows();
  rows.reset([row(30), row(20), row(10)], 3);
  rows.remove([row(25).id]);
  expect(rows.count).toBe(3);
});

test("what was removed goes back to its place", () => {
  const rows = loaded(100);
  const removed = rows.remove([row(70).id, row(100).id, row(1).id]);
  expect(rows.count).toBe(97);
  rows.insert(removed);
  expect(rows.count).toBe(100);
  expect(Array.from({ length: 100 }, (_, index) => rows.at(index)?.seq)).toEqual(down(100, 1).map((each) => each.seq));
});

test("a row that goes back into a gap is fetched again", () => {
  const rows = loaded(1000);
  rows.insert([row(500)]);
  expect(rows.count).toBe(1001);
  expect(rows.get(row(500).id)).toBeUndefined();
});

test("a page that does not fit its neighbours is refused", () => {
  const rows = loaded(1000);
  expect(rows.place(0, down(905, 806))).toBe(false);
  expect(rows.place(0, down(900, 880))).toBe(false);
});

test("the page unused for longest is forgotten, the first page never", () => {
  const rows = loaded(10_000);
  for (let page = 0; page < 60; page++) rows.place(page, down(9900 - page * PAGE, 9801 - page * PAGE));
  expect(rows.at(0)?.seq).toBe(10_000);
  expect(rows.at(100)).toBeUndefined();
  expect(rows.at(100 + 59 * PAGE)?.seq).toBe(9900 - 59 * PAGE);
  expect(rows.missing(100, 110)).toEqual([0]);
});

test("oldest first: arrivals stand at the end", () => {
  const rows = new Rows(false);
  rows.reset(down(100, 1).reverse(), 100);
  rows.arrive([row(101)]);
  expect(rows.at(100)?.seq).toBe(101);
  rows.remove([row(50).id]);
  rows.insert([row(50)]);
  expect(rows.at(49)?.seq).toBe(50);
});
