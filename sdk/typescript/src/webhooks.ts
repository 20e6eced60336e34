/** Whether a webhook comes from your installation: both signatures that it carries, and how old it is. */

import { InvalidSignature } from "./errors.js";

export { InvalidSignature };

const TOLERANCE_SECONDS = 300;

/** What a webhook says. */
export interface WebhookMessage extends Record<string, unknown> {
  type: "assistant-request" | "tool-calls" | "status-update" | "end-of-call-report";
  timestamp: string;
  call: { id: string; type: string; status: string };
}

/** How a webhook is checked. */
export interface VerifyOptions {
  /** How far its time may be off; 300. */
  toleranceSeconds?: number;
  /** The time now, in Unix seconds. */
  now?: number;
}

type HeadersGiven = Headers | Record<string, string | string[] | undefined>;

/** The `message` of a webhook that proves to be genuine, by `X-Webhook-Signature` or by the Standard Webhooks headers.
 *
 *  `body` is the raw body as it came; several secrets, while you change from one to the other, are tried in turn. Throws
 *  InvalidSignature for a wrong or missing signature and for a time that is too far off. What it tells may come twice: keep its
 *  `webhook-id` and pass over those that you have seen. */
export async function verify(
  body: string | Uint8Array<ArrayBuffer>,
  headers: HeadersGiven,
  secret: string | readonly string[],
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() / 1000 }: VerifyOptions = {},
): Promise<WebhookMessage> {
  const raw = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (secrets.length === 0 || secrets.includes("")) throw new TypeError("a webhook cannot be verified without its secret");
  const told = lowered(headers);
  const timestamp = timestampOf(told);
  if (Math.abs(now - Number(timestamp)) > toleranceSeconds) {
    throw new InvalidSignature("the webhook is too old, or one of the two clocks is wrong");
  }
  for (const one of secrets) {
    if (await signed(raw, told, one, timestamp)) return messageOf(raw);
  }
  throw new InvalidSignature("the webhook is not signed with this secret");
}

async function signed(raw: Uint8Array, headers: Map<string, string>, secret: string, timestamp: string): Promise<boolean> {
  const key = new TextEncoder().encode(secret);
  const ours = joined(`${timestamp}.`, raw);
  const given = headers.get("x-webhook-signature") ?? "";
  if (given.startsWith("sha256=") && (await matches(key, ours, fromHex(given.slice(7))))) return true;
  const standard = joined(`${headers.get("webhook-id") ?? ""}.${timestamp}.`, raw);
  for (const offered of (headers.get("webhook-signature") ?? "").split(" ")) {
    if (offered.startsWith("v1,") && (await matches(standardKey(secret), standard, fromBase64(offered.slice(3))))) return true;
  }
  return false;
}

async function matches(key: Uint8Array<ArrayBuffer>, text: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer> | null): Promise<boolean> {
  if (signature === null) return false;
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  return crypto.subtle.verify("HMAC", imported, signature, text);
}

function standardKey(secret: string): Uint8Array<ArrayBuffer> {
  const decoded = secret.startsWith("whsec_") ? fromBase64(secret.slice(6)) : null;
  return decoded?.length ? decoded : new TextEncoder().encode(secret);
}

function timestampOf(headers: Map<string, string>): string {
  const told = ["x-webhook-timestamp", "webhook-timestamp"].flatMap((name) => headers.get(name) ?? []);
  const [first] = told;
  if (first === undefined || !/^\d{1,12}$/.test(first) || told.some((one) => one !== first)) {
    throw new InvalidSignature("the webhook does not say when it was sent");
  }
  return first;
}

function lowered(headers: HeadersGiven): Map<string, string> {
  const pairs = headers instanceof Headers ? [...headers.entries()] : Object.entries(headers);
  return new Map(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name.toLowerCase(), String(value)] as const])));
}

function messageOf(raw: Uint8Array): WebhookMessage {
  try {
    const { message } = JSON.parse(new TextDecoder().decode(raw)) as { message?: WebhookMessage };
    if (typeof message === "object" && message !== null) return message;
  } catch {
    // Told below, as everything else that is no message.
  }
  throw new InvalidSignature("the webhook is genuine, but no message of Trunkline");
}

function joined(head: string, raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = new TextEncoder().encode(head);
  const whole = new Uint8Array(start.length + raw.length);
  whole.set(start);
  whole.set(raw, start.length);
  return whole;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  return /^([0-9a-f]{2})+$/.test(text) ? Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)) : null;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
