/** The events of a call, and following them over connections that break. */

import { pathOf, type Connection } from "./connection.js";
import { ConnectionFailed } from "./errors.js";
import type { CallStatus } from "./schema.js";

const END_STATES = new Set<unknown>(["ended", "failed", "rejected", "transferred"] satisfies CallStatus[]);
const QUIET_MS = 45_000;

/** Something that happened in a call: `kind` is status, transcript, command, latency or dtmf. `id` is what a stream can go on
 *  from; passing events such as unfinished transcripts have none. */
export interface CallEvent {
  kind: string;
  id: number | null;
  data: { call_id: string; at: string } & Record<string, unknown>;
}

/** What a stream of events can be given. */
export interface EventsOptions {
  /** Only what came after the event with this id. */
  after?: number;
  /** Stops following. */
  signal?: AbortSignal;
}

/** Whether a call in this state is over. */
export function isOver(status: unknown): boolean {
  return END_STATES.has(status);
}

/** The events of a call until it is over. Throws NotFound, and ConnectionFailed when the connection cannot be made again. */
export async function* follow(connection: Connection, callId: string, options: EventsOptions): AsyncGenerator<CallEvent, void, undefined> {
  let after = options.after ?? 0;
  let broken = 0;
  const { signal } = options;
  for (;;) {
    let problem: unknown = null;
    const stream = new Stream(connection, pathOf("calls", callId, "events"), after, signal);
    try {
      for await (const event of stream) {
        broken = 0;
        after = event.id ?? after;
        yield event;
        if (event.kind === "status" && isOver(event.data["status"])) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      problem = error;
    }
    broken += 1;
    if (problem === null && broken > 1) {
      const call = await connection.ask<{ status: CallStatus }>({
        method: "GET",
        path: pathOf("calls", callId),
        ...(signal ? { signal } : {}),
      });
      if (isOver(call.status)) return;
    }
    await connection.wait(problem ?? new ConnectionFailed("the events ended too early"), broken, signal);
  }
}

/** One stream of server-sent events, read as it comes. */
class Stream implements AsyncIterable<CallEvent> {
  constructor(
    private readonly connection: Connection,
    private readonly path: string,
    private readonly after: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<CallEvent, void, undefined> {
    const came: CallEvent[] = [];
    const stop = new AbortController();
    const outside = () => stop.abort(this.signal?.reason);
    this.signal?.addEventListener("abort", outside);
    if (this.signal?.aborted) outside();
    let wake: () => void = () => undefined;
    let ended = false;
    const request = {
      method: "GET" as const,
      path: this.path,
      headers: { Accept: "text/event-stream", "Last-Event-ID": String(this.after) },
      signal: stop.signal,
    };
    const over = () => {
      ended = true;
      wake();
    };
    stop.signal.addEventListener("abort", over);
    const reading = this.connection
      .once(request, QUIET_MS, async (reply, keep) => {
        const parser = new Parser();
        const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
          keep();
          came.push(...parser.events(part.value));
          wake();
        }
      })
      .finally(over);
    reading.catch(() => undefined);
    try {
      for (;;) {
        const event = came.shift();
        if (event) yield event;
        else if (ended) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      this.signal?.throwIfAborted();
      await reading;
    } finally {
      this.signal?.removeEventListener("abort", outside);
      stop.abort();
    }
  }
}

/** Server-sent events out of text that comes in parts (HTML standard, 9.2). */
export class Parser {
  #rest = "";
  #kind = "";
  #data: string[] = [];
  #id: number | null = null;

  /** The events that are complete with this part. */
  events(text: string): CallEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.map((line) => this.#line(line)).filter((event) => event !== null);
  }

  #line(line: string): CallEvent | null {
    if (line === "") return this.#complete();
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "event") this.#kind = value;
    if (name === "data") this.#data.push(value);
    if (name === "id" && /^\d+$/.test(value)) this.#id = Number(value);
    return null;
  }

  #complete(): CallEvent | null {
    const [kind, data, id] = [this.#kind, this.#data.join("\n"), this.#id];
    [this.#kind, this.#data, this.#id] = ["", [], null];
    return data === "" ? null : { kind: kind || "message", id, data: JSON.parse(data) as CallEvent["data"] };
  }
}
