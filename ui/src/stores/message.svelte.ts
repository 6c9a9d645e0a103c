/** The message that is open. No DOM. */

import { ApiError, isAbort, type Api } from "../api/client.ts";
import type { FeedEvent, Message } from "../api/types.ts";

export type MessageStatus = "none" | "loading" | "ready" | "missing" | "gone" | "error";

const KEPT = 12;

export class OpenMessage {
  id = $state<string | null>(null);
  status = $state<MessageStatus>("none");
  message = $state.raw<Message | null>(null);
  error = $state.raw<ApiError | null>(null);
  #request: AbortController | null = null;
  #cache = new Map<string, Message>();

  constructor(
    readonly api: Pick<Api, "message" | "read">,
    readonly onRead: (id: string, read: boolean) => void,
  ) {}

  /** Show a message and mark it read; the one shown before stays until it is there. */
  async open(id: string): Promise<void> {
    if (id === this.id && this.status !== "error" && this.status !== "gone") return;
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    this.id = id;
    this.error = null;
    const cached = this.#cache.get(id);
    if (cached) {
      this.#show(cached);
      return;
    }
    this.status = "loading";
    try {
      const message = await this.api.message(id, request.signal);
      this.#cache.set(id, message);
      while (this.#cache.size > KEPT) this.#cache.delete(this.#cache.keys().next().value!);
      if (this.#request === request) this.#show(message);
    } catch (error) {
      if (isAbort(error) || this.#request !== request) return;
      this.message = null;
      this.error = error as ApiError;
      this.status = (error as ApiError).status === 404 ? "missing" : "error";
    }
  }

  retry(): void {
    const { id } = this;
    if (id === null) return;
    this.status = "error";
    void this.open(id);
  }

  close(): void {
    this.#request?.abort();
    this.id = null;
    this.message = null;
    this.status = "none";
  }

  #show(message: Message): void {
    this.message = message;
    this.status = "ready";
    if (!message.read) void this.setRead(true);
  }

  async setRead(read: boolean): Promise<void> {
    const { message } = this;
    if (!message) return;
    this.patch([message.id], { read });
    this.onRead(message.id, read);
    try {
      await this.api.read(message.id, read);
    } catch {
      this.patch([message.id], { read: !read });
      this.onRead(message.id, !read);
    }
  }

  patch(ids: string[], changes: { read?: boolean }): void {
    for (const id of ids) {
      const cached = this.#cache.get(id);
      if (!cached) continue;
      const changed = { ...cached, ...changes };
      this.#cache.set(id, changed);
      if (id === this.id && this.message?.id === id) this.message = changed;
    }
  }

  /** What happened to the message while it was open. */
  apply(events: FeedEvent[]): void {
    for (const event of events) {
      if (event.type === "message.updated") this.patch(event.data.ids, event.data.changes);
      else if (event.type === "message.deleted") this.forget(event.data.ids);
      else if (event.type === "message.restored") this.#restored(event.data.ids);
      else if (event.type === "messages.cleared") this.#cleared(event.data.mailbox);
    }
  }

  forget(ids: string[]): void {
    for (const id of ids) this.#cache.delete(id);
    if (this.id !== null && ids.includes(this.id) && this.status === "ready") this.status = "gone";
  }

  #cleared(mailbox: string | null): void {
    this.#cache.clear();
    if (this.status === "ready" && (mailbox === null || this.message?.mailbox === mailbox)) this.status = "gone";
  }

  #restored(ids: string[]): void {
    if (this.id !== null && ids.includes(this.id) && this.status !== "ready") {
      this.status = "error";
      void this.open(this.id);
    }
  }
}
