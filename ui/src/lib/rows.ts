/**
 * The rows of a list of which only some pages are loaded.
 *
 * The server counts offsets from a cursor taken at load, so that arrivals shift nothing. `anchor` is the index of the row at
 * offset 0; what lies before it (the first page and all that arrived since) is always loaded. Row `anchor + n` is offset n.
 */

export const PAGE = 100;
/** Pages kept beside those before the anchor: 5,000 rows, about 5 MB. */
export const KEPT_PAGES = 50;

export interface Row {
  id: string;
  seq: number;
}

export class Rows<R extends Row> {
  private slots: (R | undefined)[] = [];
  private known = new Map<string, R>();
  private recent: number[] = [];
  anchor = 0;
  /** Changes when rows behind the anchor move: what was asked for before is then out of place. */
  generation = 0;

  constructor(readonly newestFirst = true) {}

  get count(): number {
    return this.slots.length;
  }

  at(index: number): R | undefined {
    return this.slots[index];
  }

  get(id: string): R | undefined {
    return this.known.get(id);
  }

  indexOf(id: string): number {
    const row = this.known.get(id);
    return row ? this.slots.indexOf(row) : -1;
  }

  /** Start again with the first page of `total` rows. */
  reset(first: R[], total: number): void {
    this.slots = first.slice();
    this.slots.length = Math.max(total, first.length);
    this.known = new Map(first.map((row) => [row.id, row]));
    this.recent = [];
    this.anchor = first.length;
    this.generation++;
  }

  /** The pages, counted from the anchor, that the rows first..last (exclusive) still need. */
  missing(first: number, last: number): number[] {
    const pages = new Set<number>();
    for (let index = Math.max(first, 0); index < Math.min(last, this.count); index++) {
      if (this.slots[index]) continue;
      pages.add(Math.floor((index - this.anchor) / PAGE));
    }
    return [...pages].filter((page) => page >= 0);
  }

  /** Put a fetched page in its place. False if it does not fit its neighbours: the list changed unseen, load again. */
  place(page: number, rows: R[]): boolean {
    const start = this.anchor + page * PAGE;
    const before = this.slots[start - 1];
    const after = this.slots[start + PAGE];
    const head = rows[0];
    const tail = rows.at(-1);
    if (before && head && this.compare(before.seq, head.seq) >= 0) return false;
    if (after && tail && this.compare(tail.seq, after.seq) >= 0) return false;
    if (rows.length < Math.min(PAGE, this.count - start)) return false;
    rows.slice(0, Math.max(0, this.count - start)).forEach((row, offset) => {
      this.slots[start + offset] = row;
      this.known.set(row.id, row);
    });
    this.touch(page);
    return true;
  }

  /** Mark a page as used; the one unused for longest goes if there are too many. */
  touch(page: number): void {
    this.recent = this.recent.filter((other) => other !== page);
    this.recent.push(page);
    while (this.recent.length > KEPT_PAGES) this.evict(this.recent.shift()!);
  }

  /** New rows, oldest first, at the end where the newest stand. Those known already are ignored; returns how many were not. */
  arrive(rows: R[]): number {
    const fresh = rows.filter((row) => !this.known.has(row.id));
    for (const row of fresh) this.known.set(row.id, row);
    if (this.newestFirst) {
      this.slots.unshift(...fresh.toReversed());
      this.anchor += fresh.length;
    } else {
      this.slots.push(...fresh);
    }
    return fresh.length;
  }

  /** Replace a row that is loaded. */
  update(row: R): void {
    const index = this.indexOf(row.id);
    if (index < 0) return;
    this.slots[index] = row;
    this.known.set(row.id, row);
  }

  /**
   * Take rows out. An id that is not loaded stands between those that are, since ids ascend with time: one unknown row goes
   * from that gap, and if there is no gap the id was never in this list.
   */
  remove(ids: Iterable<string>): R[] {
    const gone = new Set(ids);
    const removed = [...gone].flatMap((id) => this.known.get(id) ?? []);
    const unseen = [...gone].filter((id) => !this.known.has(id)).sort((a, b) => this.order(a, b));
    const slots: (R | undefined)[] = [];
    let [next, holes, anchor] = [0, 0, this.anchor];
    const closeGap = (before: R | undefined) => {
      while (next < unseen.length && (!before || this.order(unseen[next]!, before.id) < 0)) {
        next++;
        if (holes > 0) holes--;
      }
      slots.length += holes;
      holes = 0;
    };
    for (let index = 0; index < this.slots.length; index++) {
      const row = this.slots[index];
      if (!row) holes++;
      else if (!gone.has(row.id)) {
        closeGap(row);
        slots.push(row);
      } else if (index < this.anchor) anchor--;
    }
    closeGap(undefined);
    if (this.slots.length - slots.length > this.anchor - anchor) this.generation++;
    this.slots = slots;
    this.anchor = anchor;
    for (const row of removed) this.known.delete(row.id);
    return removed;
  }

  /** Put removed rows back where they belong. */
  insert(rows: R[]): void {
    for (const row of rows) {
      if (this.known.has(row.id)) continue;
      let index = this.slots.findIndex((other) => other !== undefined && this.order(row.id, other.id) < 0);
      if (index < 0) index = this.count;
      const certain = index === 0 || this.slots[index - 1] !== undefined;
      this.slots.splice(index, 0, certain ? row : undefined);
      if (certain) this.known.set(row.id, row);
      if (index < this.anchor || (index === this.anchor && certain)) this.anchor++;
      else this.generation++;
    }
  }

  private order(a: string, b: string): number {
    return (a < b ? 1 : a > b ? -1 : 0) * (this.newestFirst ? 1 : -1);
  }

  private compare(a: number, b: number): number {
    return this.newestFirst ? b - a : a - b;
  }

  private evict(page: number): void {
    const start = this.anchor + page * PAGE;
    for (let index = start; index < Math.min(start + PAGE, this.count); index++) {
      const row = this.slots[index];
      if (row) this.known.delete(row.id);
      this.slots[index] = undefined;
    }
  }
}
