/** A large resource in pieces, by ranges; a server that sends all of it at once is fine too. */

import { fetched } from "../api/client.ts";

export const CHUNK = 262_144;

export class Chunks {
  #rest: Uint8Array | null = null;
  #at = 0;

  constructor(readonly url: string) {}

  /** The next piece, or null at the end. */
  async next(): Promise<Uint8Array | null> {
    if (this.#rest === null) {
      const range = `bytes=${this.#at}-${this.#at + CHUNK - 1}`;
      let answer: Response;
      try {
        answer = await fetched(this.url, { headers: { Range: range } });
      } catch (error) {
        if ((error as { status?: number }).status === 416) return null;
        throw error;
      }
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (answer.status === 206) {
        this.#at += bytes.length;
        return bytes.length ? bytes : null;
      }
      this.#rest = bytes;
    }
    if (this.#at >= this.#rest.length) return null;
    const piece = this.#rest.subarray(this.#at, this.#at + CHUNK);
    this.#at += piece.length;
    return piece;
  }
}
