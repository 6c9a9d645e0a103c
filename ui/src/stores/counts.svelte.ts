/** How many messages there are, and how many are unread, whatever is searched for. */

import type { Api } from "../api/client.ts";
import type { FeedEvent } from "../api/types.ts";

/** A burst asks once in this time. */
const EVERY = 1_000;

export class Counts {
  total = $state(0);
  unread = $state(0);
  known = $state(false);
  mailbox: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(readonly api: Pick<Api, "list">) {}

  set(total: number, unread: number): void {
    this.total = total;
    this.unread = unread;
    this.known = true;
  }

  /** New messages are counted here; for anything else the server is asked. */
  apply(events: FeedEvent[]): void {
    for (const event of events) {
      if (event.type === "message.new") {
        this.total++;
        if (!event.data.read) this.unread++;
      } else if (event.type.startsWith("message")) {
        this.refreshSoon();
      }
    }
  }

  refreshSoon(): void {
    this.#timer ??= setTimeout(() => void this.refresh(), EVERY);
  }

  async refresh(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      const { total, unread } = await this.api.list({ query: "", mailbox: this.mailbox, limit: 0 });
      this.set(total, unread);
    } catch {
      // The next event asks again.
    }
  }
}
