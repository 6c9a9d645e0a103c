/** The one place that talks to `/api`. */

import type { Deletion, Events, Info, List, Message, Problem, Selector, Summary } from "./types.ts";

/** A refusal of the server. `problem.code` is `network` if there was no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
    this.name = "ApiError";
  }

  /** The server could not be reached. */
  get offline(): boolean {
    return this.status === 0;
  }
}

export type Params = Record<string, string | number | boolean | null | undefined>;

/** An address below the base of the page, with the parameters that have a value. */
export function address(path: string, params: Params = {}): string {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, String(value));
  }
  return url.href;
}

/** The address of a message's resource: `raw`, `html`, `text`, `parts/2.1`. */
export function resource(id: string, name: string, params: Params = {}): string {
  return address(`api/messages/${encodeURIComponent(id)}/${name}`, params);
}

export interface ListRequest {
  query: string;
  mailbox: string | null;
  sort?: Sort;
  limit: number;
  cursor?: string | null;
  offset?: number;
}

export type Sort = "newest" | "oldest";

export const api = {
  list: (request: ListRequest, signal?: AbortSignal) => call<List>("GET", "api/messages", { ...request }, null, signal),
  message: (id: string, signal?: AbortSignal) =>
    call<Message>("GET", `api/messages/${encodeURIComponent(id)}`, {}, null, signal),
  summary: (id: string) => call<Summary>("GET", `api/messages/${encodeURIComponent(id)}`, {}, null),
  read: (id: string, read: boolean) => call<Summary>("PATCH", `api/messages/${encodeURIComponent(id)}`, {}, { read }),
  readMany: (what: Selector, mailbox: string | null, read: boolean) =>
    call<{ changed: number }>("PATCH", "api/messages", { mailbox }, { ...what, read }),
  remove: (what: Selector, mailbox: string | null, undo_seconds: number) =>
    call<Deletion>("DELETE", "api/messages", { mailbox }, { ...what, undo_seconds }),
  undo: (token: string) => call<{ restored: number }>("POST", "api/undo", {}, { token }),
  events: (after: number, mailbox: string | null, signal?: AbortSignal) =>
    call<Events>("GET", "api/events", { after, mailbox, timeout: 0 }, null, signal),
  info: () => call<Info>("GET", "api/info", {}, null),
};

export type Api = typeof api;

async function call<Answer>(
  method: string,
  path: string,
  params: Params,
  body: object | null,
  signal?: AbortSignal,
): Promise<Answer> {
  const init: RequestInit = { method, credentials: "same-origin" };
  if (signal) init.signal = signal;
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const answer = await fetched(address(path, params), init);
  return (await answer.json()) as Answer;
}

/** The response, or the ApiError that it stands for. */
export async function fetched(url: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "network", message: "The server does not answer." });
  }
  if (answer.ok) return answer;
  throw new ApiError(answer.status, await problem(answer));
}

async function problem(answer: Response): Promise<Problem> {
  try {
    const { error } = (await answer.json()) as { error: Problem };
    if (typeof error.message === "string") return error;
  } catch {
    // Not the server's own form: a proxy answered.
  }
  return { code: "http", message: `${answer.status} ${answer.statusText}`.trim() };
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
