/** Calls: placed, listed, ordered about, followed and listened to. */

import { pathOf, type RequestOptions } from "./connection.js";
import { follow, type CallEvent, type EventsOptions } from "./events.js";
import type { ListOptions, Pages } from "./pages.js";
import { Resource } from "./resource.js";
import type { Call, Control, ControlReply, LadderReply, PlaceCall, PlacedReply, operations } from "./schema.js";

type Filters = Omit<NonNullable<operations["listCalls"]["parameters"]["query"]>, "limit" | "offset">;
type LadderQuery = NonNullable<operations["getSipLadder"]["parameters"]["query"]>;

/** Calls. */
export class Calls extends Resource {
  /** Places a call; returns as soon as it is recorded, before it rings. With an `idempotencyKey` of your own not even your
   *  program, started again, rings twice. */
  async place(order: PlaceCall, options?: RequestOptions): Promise<PlacedReply> {
    return this.post("/calls/outbound", order, options);
  }

  /** All calls that the filters leave, newest first. */
  list({ limit, offset, signal, ...filters }: Filters & Omit<ListOptions, "idempotencyKey"> = {}): Pages<Call> {
    const options: ListOptions = {};
    if (limit !== undefined) options.limit = limit;
    if (offset !== undefined) options.offset = offset;
    if (signal !== undefined) options.signal = signal;
    return this.pages("/calls", "calls", options, filters);
  }

  /** The call as it stands. Throws NotFound. */
  async get(callId: string, options?: RequestOptions): Promise<Call> {
    return this.read(pathOf("calls", callId), options);
  }

  /** The call once it is over. Throws NotFound and ConnectionFailed. */
  async wait(callId: string, options: EventsOptions = {}): Promise<Call> {
    for await (const event of this.events(callId, options)) void event;
    return this.get(callId, options.signal ? { signal: options.signal } : {});
  }

  /** Gives a live call an order; what became of it follows as an event with the `command_id`. */
  async control(callId: string, order: Control, options?: RequestOptions): Promise<ControlReply> {
    return this.post(pathOf("calls", callId, "control"), order, options);
  }

  /** Lets the assistant speak these words. */
  async say(callId: string, content: string, how: { endAfter?: boolean; interruptible?: boolean } = {}): Promise<ControlReply> {
    const { endAfter = false, interruptible = true } = how;
    return this.control(callId, { type: "say", content, end_after: endAfter, interruptible });
  }

  /** Tells the model something, and with `triggerResponse` lets it speak about it at once. */
  async injectContext(callId: string, content: string, how: { triggerResponse?: boolean } = {}): Promise<ControlReply> {
    return this.control(callId, { type: "inject-context", content, trigger_response: how.triggerResponse ?? false });
  }

  /** Ends a call, with last words where there are some, or cancels it before it is answered. */
  async end(callId: string, message?: string): Promise<ControlReply> {
    return this.control(callId, { type: "end-call", message: message ?? null });
  }

  /** Hands the party over to a phone number or SIP URI. */
  async transfer(
    callId: string,
    destination: string,
    how: { message?: string; mode?: "blind" | "warm"; summaryForAgent?: boolean } = {},
  ): Promise<ControlReply> {
    const { message = null, mode = "blind", summaryForAgent = null } = how;
    return this.control(callId, { type: "transfer", destination, message, mode, summary_for_agent: summaryForAgent });
  }

  /** Presses keys: 0-9 * # A-D; w waits half a second. */
  async sendDtmf(callId: string, digits: string): Promise<ControlReply> {
    return this.control(callId, { type: "send-dtmf", digits });
  }

  /** Stops the assistant's listening. */
  async mute(callId: string): Promise<ControlReply> {
    return this.control(callId, { type: "mute" });
  }

  /** Resumes the assistant's listening. */
  async unmute(callId: string): Promise<ControlReply> {
    return this.control(callId, { type: "unmute" });
  }

  /** What happened since event `after` and what happens, until the call is over; goes on where it was when the connection
   *  breaks. Throws NotFound, and ConnectionFailed when it cannot be made again. */
  events(callId: string, options: EventsOptions = {}): AsyncGenerator<CallEvent, void, undefined> {
    return follow(this.connection, callId, options);
  }

  /** The SIP messages of a call, in order. Throws NotFound. */
  async sip(callId: string, which: LadderQuery = {}, options?: RequestOptions): Promise<LadderReply> {
    return this.read(pathOf("calls", callId, "sip"), options, which as Record<string, string>);
  }

  /** The recording, WAV in stereo. Throws NotFound where there is none. */
  async recording(callId: string, options: RequestOptions = {}): Promise<ArrayBuffer> {
    const path = pathOf("calls", callId, "recording");
    return this.connection.bytes({ ...options, method: "GET", path, headers: { Accept: "audio/wav" } });
  }
}
