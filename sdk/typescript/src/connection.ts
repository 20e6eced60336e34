/** One connection to an installation: sends a request until it is answered, or it makes no sense to try again. */

import { ApiError, ConnectionFailed, TrunklineError, errorOf } from "./errors.js";

const PREFIX = "/api/v1";
const LONGEST_WAIT_MS = 60_000;
const AGAIN = new Set([429, 503]);
const AGAIN_BY_PROXY = new Set([502, 504]);
const AGAIN_BY_CODE = new Set(["idempotency_in_progress"]);

export type Query = Record<string, string | number | boolean | null | undefined>;

/** How an installation is spoken to. */
export interface ClientOptions {
  /** The API key; left out, `TRUNKLINE_API_KEY` of the environment. */
  apiKey?: string;
  /** Where the installation is; left out, `TRUNKLINE_URL`, in a browser the page's own origin. */
  url?: string;
  /** How long one try of a request may take; 30 s. */
  timeoutMs?: number;
  /** How often a request is tried again after 429, 503 or a broken connection; 4. */
  retries?: number;
  /** How long it waits before that at first, and then twice that and so on, unless the refusal asks for more; 500. */
  firstWaitMs?: number;
  /** What sends the requests; left out, the platform's `fetch`. */
  fetch?: typeof fetch;
}

/** What one request can be given. */
export interface RequestOptions {
  /** Ends the request. */
  signal?: AbortSignal;
  /** On what makes something: the same key never makes it twice, not even from another process. Made up otherwise. */
  idempotencyKey?: string;
}

/** One request to the API; `path` is below `/api/v1`. */
export interface ApiRequest extends RequestOptions {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Query | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  /** A status that is no refusal here. */
  also?: number;
}

/** Speaks for one organisation. */
export class Connection {
  readonly address: string;
  readonly retries: number;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #firstWaitMs: number;
  readonly #fetch: typeof fetch;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions, organisationId?: string) {
    const apiKey = options.apiKey ?? environment("TRUNKLINE_API_KEY");
    this.address = addressOf(options.url);
    this.retries = options.retries ?? 4;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#firstWaitMs = options.firstWaitMs ?? 500;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#options = options;
    if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError("the API key contains characters that no key has");
    this.#headers = {
      Accept: "application/json",
      ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
      ...(organisationId === undefined ? {} : { "X-Organization-Id": organisationId }),
    };
  }

  /** The same, for a child of the key's organisation. */
  forOrganisation(id: string): Connection {
    return new Connection(this.#options, id);
  }

  /** The JSON object that a request is answered with. Throws ApiError and ConnectionFailed. */
  async ask<T>(request: ApiRequest): Promise<T> {
    return this.again(request, async (reply) => {
      const told = jsonOf(await reply.text());
      if (told === null) throw new TrunklineError(`${this.address} answered with something other than JSON; check the address.`);
      return told as T;
    });
  }

  /** The bytes that a request is answered with. Throws ApiError and ConnectionFailed. */
  async bytes(request: ApiRequest): Promise<ArrayBuffer> {
    return this.again(request, (reply) => reply.arrayBuffer());
  }

  /** Reads the reply to a request, which is sent again where that makes sense. */
  private async again<T>(request: ApiRequest, read: (reply: Response) => Promise<T>): Promise<T> {
    const key = request.idempotencyKey ?? crypto.randomUUID();
    let lost = false;
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.once({ ...request, idempotencyKey: key }, this.#timeoutMs, read);
      } catch (error) {
        if (lost && request.method === "DELETE" && error instanceof ApiError && error.status === 404) {
          return { success: true } as T;
        }
        lost ||= error instanceof ConnectionFailed;
        await this.wait(error, tried, request.signal);
      }
    }
  }

  /** Sends a request once and reads its reply; `keep` is called to say that more has come, and the time begins anew. */
  async once<T>(request: ApiRequest, timeoutMs: number, read: (reply: Response, keep: () => void) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const gone = () => abort.abort(request.signal?.reason);
    let timer = setTimeout(() => abort.abort(new Error("no answer in time")), timeoutMs);
    const keep = () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(new Error("nothing came in time")), timeoutMs);
    };
    request.signal?.throwIfAborted();
    request.signal?.addEventListener("abort", gone);
    try {
      const reply = await this.#fetch(this.address + PREFIX + request.path + queryOf(request.query), {
        method: request.method,
        headers: this.headersOf(request),
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: abort.signal,
        redirect: "manual",
        cache: "no-store",
      });
      if (!reply.ok && reply.status !== request.also) throw await this.refusal(reply);
      return await read(reply, keep);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (error instanceof TrunklineError) throw error;
      throw new ConnectionFailed(`${this.address} was not reached: ${reasonOf(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener("abort", gone);
      abort.abort();
    }
  }

  /** Waits before the next try after an error, or throws it where there is none. `tried` counts the tries so far. */
  async wait(error: unknown, tried: number, signal?: AbortSignal): Promise<void> {
    const asked = error instanceof ApiError ? (error.retryAfter ?? 0) * 1000 : 0;
    if (!mayTryAgain(error) || tried > this.retries || asked > LONGEST_WAIT_MS) throw error;
    const backedOff = this.#firstWaitMs * 2 ** (tried - 1) * (0.75 + Math.random() / 2);
    await sleep(Math.min(Math.max(asked, backedOff), LONGEST_WAIT_MS), signal);
  }

  private headersOf(request: ApiRequest): Record<string, string> {
    const headers = { ...this.#headers, ...request.headers };
    if (request.body !== undefined) headers["Content-Type"] = "application/json";
    if (request.method === "POST" && request.idempotencyKey) headers["Idempotency-Key"] = request.idempotencyKey;
    return headers;
  }

  private async refusal(reply: Response): Promise<ApiError> {
    const told = jsonOf(await reply.text());
    const requestId = reply.headers.get("x-request-id");
    if (told === null || typeof told["code"] !== "string") {
      const title = `${this.address} answered with ${reply.status}`;
      const message = "This is no answer of Trunkline; check the address, and what stands in between.";
      return errorOf({ status: reply.status, code: "unknown", title, message, details: [], requestId, retryAfter: null });
    }
    const { code, error, message, details, retry_after: seconds } = told;
    return errorOf({
      status: reply.status,
      code,
      title: String(error ?? code),
      message: String(message ?? ""),
      details: Array.isArray(details) ? details.map(String) : [],
      requestId,
      retryAfter: secondsOf(reply.headers.get("retry-after")) ?? secondsOf(seconds),
    });
  }
}

/** A path of parts, each of which is quoted. Throws TypeError for an empty one. */
export function pathOf(...parts: string[]): string {
  if (parts.some((part) => part === "")) throw new TypeError("an id must not be empty");
  return `/${parts.map((part) => encodeURIComponent(part).replaceAll(/^\.+$/g, (dots) => "%2E".repeat(dots.length))).join("/")}`;
}

function mayTryAgain(error: unknown): boolean {
  if (!(error instanceof ApiError)) return error instanceof ConnectionFailed;
  const byProxy = AGAIN_BY_PROXY.has(error.status) && error.code === "unknown";
  return AGAIN.has(error.status) || byProxy || AGAIN_BY_CODE.has(error.code);
}

function addressOf(url: string | undefined): string {
  const origin = typeof location === "object" && location.origin !== "null" ? location.origin : undefined;
  const address = url ?? environment("TRUNKLINE_URL") ?? origin ?? "http://127.0.0.1:8080";
  if (!/^https?:\/\/[^/]/.test(address)) throw new TypeError("the address of an installation reads like https://calls.example.com");
  return address.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.[name] || undefined;
}

function queryOf(query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

function jsonOf(text: string): Record<string, unknown> | null {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === "object" && told !== null && !Array.isArray(told) ? (told as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function secondsOf(told: unknown): number | null {
  const seconds = typeof told === "number" ? told : typeof told === "string" && told !== "" ? Number(told) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && cause.message) return cause.message;
  return error instanceof Error ? error.message : String(error);
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", gone);
      resolve();
    }, ms);
    signal?.addEventListener("abort", gone, { once: true });
  });
}
