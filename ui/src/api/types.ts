/** The JSON forms of the HTTP API, in the words of the server. Times are RFC 3339 in UTC, ids are sortable. */

export interface Address {
  name: string;
  address: string;
}

/** One row of a list. */
export interface Summary {
  id: string;
  seq: number;
  mailbox: string;
  received_at: string;
  date: string | null;
  subject: string;
  from: Address[];
  to: Address[];
  cc: Address[];
  reply_to: Address[];
  sender: string;
  recipients: string[];
  snippet: string;
  code: string | null;
  tags: string[];
  read: boolean;
  flagged: boolean;
  size_bytes: number;
  attachments: number;
  defects: number;
  session_id: string | null;
}

export interface List {
  messages: Summary[];
  total: number;
  unread: number;
  next_cursor: string | null;
}

export interface Defect {
  id: string;
  text: string;
  part: string | null;
}

export interface Part {
  part: string;
  content_type: string;
  charset: string | null;
  encoding: string | null;
  disposition: string | null;
  name: string | null;
  cid: string | null;
  location: string | null;
  size_bytes: number;
  encoded_bytes: number;
  defects: Defect[];
  parts: Part[];
}

export interface Attachment {
  part: string;
  name: string;
  content_type: string;
  size_bytes: number;
  sha256: string;
  cid: string | null;
  inline: boolean;
}

export interface Link {
  url: string;
  text: string;
  part: string;
}

export interface Code {
  code: string;
  context: string;
  part: string;
}

export type RemoteKind = "image" | "stylesheet" | "font" | "media" | "other";

export interface Remote {
  url: string;
  kind: RemoteKind;
}

export interface Unsubscribe {
  http: string | null;
  mailto: string | null;
  one_click: boolean;
}

export interface Envelope {
  sender: string;
  recipients: { address: string; options: Record<string, unknown> }[];
  options: Record<string, unknown>;
}

/** All that is known of one message. */
export interface Message extends Omit<Summary, "attachments" | "defects"> {
  message_id: string;
  bcc: Address[];
  envelope: Envelope;
  headers: [string, string][];
  text: string | null;
  html: string | null;
  parts: Part;
  attachments: Attachment[];
  links: Link[];
  codes: Code[];
  unsubscribe: Unsubscribe | null;
  defects: Defect[];
  attempt_id: string | null;
  remote: Remote[];
}

interface EventOf<Type extends string, Data> {
  v: number;
  instance: string;
  seq: number;
  at: string;
  mailbox: string | null;
  type: Type;
  data: Data;
}

export type FeedEvent =
  | EventOf<"hello", { version: string }>
  | EventOf<"message.new", Summary>
  | EventOf<"message.updated", { ids: string[]; changes: { read?: boolean } }>
  | EventOf<"message.deleted", { ids: string[] }>
  | EventOf<"message.restored", { ids: string[] }>
  | EventOf<"messages.cleared", { mailbox: string | null; count: number }>;

/** The answer of `GET /api/events` and every frame of `WS /api/live`. */
export interface Events {
  events: FeedEvent[];
  instance: string;
  seq: number;
}

export interface Info {
  version: string;
  instance: string;
  url: string;
  smtp: string[];
  messages: number;
  unread: number;
}

/** What a bulk action acts on: exactly one of the three. */
export type Selector = { ids: string[] } | { query: string } | { all: true };

export interface Deletion {
  deleted: number;
  undo: string | null;
  expires_at: string | null;
}

export interface Problem {
  code: string;
  message: string;
  hint?: string;
  field?: string;
  position?: number;
}
