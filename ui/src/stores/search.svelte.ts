/** The search box: what is typed, and what is wrong with it. No DOM. */

import { ApiError } from "../api/client.ts";

export interface Mistake {
  message: string;
  hint: string;
  /** The query in three parts: before the mistake, the character at it, the rest. Null if it has no position. */
  at: [string, string, string] | null;
  position: number | null;
}

const DELAY = 150;

export class Search {
  text = $state("");
  mistake = $state.raw<Mistake | null>(null);
  busy = $state(false);
  #timer: ReturnType<typeof setTimeout> | null = null;
  #run = 0;

  /** `find` shows the results of a query; it throws ApiError if the query cannot be understood. */
  constructor(readonly find: (query: string) => Promise<void>) {}

  type(text: string): void {
    this.text = text;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.submit(), DELAY);
  }

  async submit(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const query = this.text.trim();
    const run = ++this.#run;
    this.busy = true;
    try {
      await this.find(query);
      if (run === this.#run) this.mistake = null;
    } catch (error) {
      if (run === this.#run) this.mistake = mistake(error, query);
    } finally {
      if (run === this.#run) this.busy = false;
    }
  }

  /** The query came from the address, not from the box. */
  async set(text: string): Promise<void> {
    this.text = text;
    await this.submit();
  }

  get pending(): boolean {
    return this.#timer !== null;
  }
}

function mistake(error: unknown, query: string): Mistake | null {
  if (!(error instanceof ApiError) || error.status !== 400) return null;
  const { message, hint, position } = error.problem;
  const characters = Array.from(query);
  const at: Mistake["at"] =
    position === undefined
      ? null
      : [characters.slice(0, position).join(""), characters[position] ?? "", characters.slice(position + 1).join("")];
  return { message, hint: hint ?? "", at, position: position ?? null };
}
