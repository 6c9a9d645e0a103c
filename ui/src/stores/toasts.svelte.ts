/** Short notices at the edge of the page, and what a screen reader is told. */

export interface Toast {
  id: number;
  text: string;
  kind: "info" | "error";
  action?: { label: string; run: () => void };
}

const SHOWN = 4;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;

  show(text: string, options: { kind?: Toast["kind"]; seconds?: number; action?: Toast["action"] } = {}): number {
    const toast: Toast = { id: this.#next++, text, kind: options.kind ?? "info" };
    if (options.action) toast.action = options.action;
    this.list = [...this.list, toast].slice(-SHOWN);
    setTimeout(() => this.dismiss(toast.id), (options.seconds ?? 5) * 1000);
    return toast.id;
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();

/** Joins what is to be said: one sentence in 5 seconds, so that a burst does not talk for minutes. */
class Announcer {
  text = $state("");
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  static readonly SECONDS = 5;

  arrived(count: number, say: (count: number) => string): void {
    this.#count += count;
    this.#timer ??= setTimeout(() => {
      this.text = say(this.#count);
      this.#count = 0;
      this.#timer = null;
    }, Announcer.SECONDS * 1000);
  }

  say(text: string): void {
    this.text = text;
  }
}

export const announcer = new Announcer();
