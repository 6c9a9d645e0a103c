/** The three layouts: list beside message, list or message, phone. */
import { MediaQuery } from "svelte/reactivity";

const wide = new MediaQuery("min-width: 1000px");
const phone = new MediaQuery("max-width: 639.98px");

export const media = {
  get wide() {
    return wide.current;
  },
  get phone() {
    return phone.current;
  },
};

/** The time, moving on every half minute, for ages. */
class Clock {
  now = $state(Date.now());
  constructor() {
    setInterval(() => (this.now = Date.now()), 30_000);
  }
}

export const clock = new Clock();
