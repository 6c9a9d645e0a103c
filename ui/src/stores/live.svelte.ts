/**
 * The event feed: a WebSocket, and what to do when it breaks.
 *
 *     connecting ─ hello → live ─ closed → reconnecting ─ hello → (fill) → live
 *                                            │ the socket fails twice but HTTP works → polling
 *                                            └ nothing answers → offline
 *
 * Every state but `live` keeps trying, 1 s to 30 s apart. After a break the gap is filled by `GET /api/events?after=`; if the
 * server is another instance, or the events are gone (410), everything visible is loaded again.
 */

import { ApiError } from "../api/client.ts";
import type { Events, FeedEvent } from "../api/types.ts";

export type FeedState = "connecting" | "live" | "reconnecting" | "polling" | "offline";

export interface Feed {
  /** Open the socket; `frame` is called for each text frame, `closed` once, also if it never opened. */
  open(frame: (data: string) => void, closed: () => void): () => void;
  fill(after: number): Promise<Events>;
}

const FIRST_DELAY = 1_000;
const LAST_DELAY = 30_000;
const POLL_DELAY = 5_000;
const FAILURES_UNTIL_POLLING = 2;
/** A page hidden for longer asks what it missed instead of trusting its socket. */
const SILENCE_TRUSTED = 5_000;

export class Live {
  state = $state<FeedState>("connecting");
  #feed: Feed | null = null;
  #close: (() => void) | null = null;
  #instance: string | null = null;
  #seq = 0;
  /** The seq of the last hello: where the feed stands if what came before is gone. */
  #start = 0;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #filling: Promise<void> | null = null;
  #held: Events[] = [];
  #hiddenAt = 0;
  #ready: () => void = () => {};

  /** Resolves with the first sign of life or death of the feed: what is loaded after it misses nothing. */
  readonly ready = new Promise<void>((resolve) => (this.#ready = resolve));

  constructor(
    readonly handlers: { events: (events: FeedEvent[]) => void; reload: () => void },
    readonly random: () => number = Math.random,
  ) {}

  start(feed: Feed): void {
    this.stop();
    this.#feed = feed;
    this.#instance = null;
    this.#seq = 0;
    this.state = "connecting";
    this.#connect();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#feed = null;
    this.#close?.();
    this.#close = null;
  }

  /** Try at once: the network came back. */
  retry(): void {
    if (this.state === "live" || !this.#feed || this.#close) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#connect();
  }

  hidden(now: number): void {
    this.#hiddenAt = now;
  }

  /** The page is looked at again; a socket may have died in its sleep without a word. */
  visible(now: number): void {
    if (now - this.#hiddenAt < SILENCE_TRUSTED || this.#instance === null) return;
    if (this.state === "live") void this.#fill();
    else this.retry();
  }

  #connect(): void {
    const feed = this.#feed!;
    let closed = false;
    const close = feed.open(
      (data) => {
        if (!closed) this.#frame(JSON.parse(data) as Events);
      },
      () => {
        if (closed) return;
        closed = true;
        this.#close = null;
        if (this.#feed === feed) void this.#broken();
      },
    );
    this.#close = () => {
      closed = true;
      close();
    };
  }

  #frame(frame: Events): void {
    if (frame.events.some((event) => event.type === "hello")) this.#hello(frame);
    else this.#take(frame);
  }

  #hello(frame: Events): void {
    this.#failures = 0;
    this.#start = frame.seq;
    const known = this.#instance;
    this.#instance = frame.instance;
    if (known === null) {
      this.#seq = frame.seq;
      this.state = "live";
      this.#ready();
    } else if (known !== frame.instance) {
      this.#seq = frame.seq;
      this.state = "live";
      this.handlers.reload();
    } else if (frame.seq > this.#seq) {
      void this.#fill();
    } else {
      this.state = "live";
    }
  }

  /** Fetch what was missed; frames that come meanwhile wait their turn. */
  #fill(): Promise<void> {
    this.#filling ??= this.#missed().finally(() => {
      this.#filling = null;
      const held = this.#held;
      this.#held = [];
      held.forEach((frame) => this.#take(frame));
    });
    return this.#filling;
  }

  async #missed(): Promise<void> {
    try {
      for (;;) {
        const answer = await this.#feed!.fill(this.#seq);
        const more = answer.events.length > 0;
        const known = this.#instance;
        if (known !== null && answer.instance !== known) {
          this.#restart(answer);
          break;
        }
        this.#deliver(answer);
        if (!more) break;
      }
      if (this.#close) this.state = "live";
    } catch (error) {
      if (error instanceof ApiError && error.status === 410) {
        this.#seq = Math.max(this.#seq, this.#start);
        this.handlers.reload();
        if (this.#close) this.state = "live";
      } else if (this.#close) {
        this.#close();
        this.#close = null;
        void this.#broken();
      } else {
        throw error;
      }
    }
  }

  #restart(answer: Events): void {
    this.#instance = answer.instance;
    this.#seq = answer.seq;
    this.handlers.reload();
  }

  #take(frame: Events): void {
    if (this.#filling) this.#held.push(frame);
    else this.#deliver(frame);
  }

  #deliver(frame: Events): void {
    const fresh = frame.events.filter((event) => event.seq > this.#seq && event.type !== "hello");
    this.#seq = Math.max(this.#seq, frame.seq, ...fresh.map((event) => event.seq));
    if (fresh.length) this.handlers.events(fresh);
  }

  /** The socket is closed: find out what still works, and try again. */
  async #broken(): Promise<void> {
    this.#failures++;
    this.#ready();
    if (this.state === "live") this.state = "reconnecting";
    const feed = this.#feed;
    const reached = this.#failures > 1 && (await this.#poll());
    if (this.#feed !== feed || feed === null) return;
    if (this.#failures > 1) {
      const polling = reached && this.#failures > FAILURES_UNTIL_POLLING;
      this.state = !reached
        ? "offline"
        : polling
          ? "polling"
          : this.state === "connecting"
            ? "connecting"
            : "reconnecting";
    }
    const delay = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** (this.#failures - 1));
    const jittered = delay * (0.75 + this.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), this.state === "polling" ? POLL_DELAY : jittered);
  }

  /** Ask once over HTTP. False if there is no answer. */
  async #poll(): Promise<boolean> {
    try {
      const first = this.#instance === null;
      if (first) {
        const answer = await this.#feed!.fill(0);
        this.#restart(answer);
        return true;
      }
      await this.#fill();
      return true;
    } catch (error) {
      return error instanceof ApiError && !error.offline && error.status !== 502 && error.status !== 503;
    }
  }
}
