/** The route of the page, kept in step with the address bar. */

import { DEFAULT_ROUTE, parseRoute, routeUrl, type Route } from "../lib/route.ts";

class Router {
  route = $state.raw<Route>(DEFAULT_ROUTE);

  /** Read the address, now and whenever the reader goes back or forward. */
  start(): () => void {
    const read = () => (this.route = parseRoute(this.#path(), location.search));
    read();
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }

  go(change: Partial<Route>, replace = false): void {
    const next = { ...this.route, ...change };
    const url = new URL(routeUrl(next) || ".", document.baseURI);
    if (url.href === location.href) replace = true;
    history[replace ? "replaceState" : "pushState"](null, "", url);
    this.route = next;
  }

  /** The address of this route with a change, for a link. */
  href(change: Partial<Route>): string {
    return new URL(routeUrl({ ...this.route, ...change }) || ".", document.baseURI).href;
  }

  #path(): string {
    const base = new URL(document.baseURI).pathname.replace(/[^/]*$/, "");
    return location.pathname.startsWith(base) ? location.pathname.slice(base.length) : location.pathname;
  }
}

export const router = new Router();
