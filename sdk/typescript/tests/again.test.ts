/** The client tries again what may be tried again, never does a thing twice, and says plainly what it was refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { ApiError, BadRequest, ConnectionFailed, NotFound, RateLimited, Trunkline, TrunklineError, type ClientOptions } from "../src/index.js";
import { Parser } from "../src/events.js";
import { LOST, events, refusal, withPeer } from "./peer.js";

const KEY = "tl_live_secret_of_this_test";
const PLACED = { status: 200, body: { success: true, call_id: "call-1", status: "dialing" } };
const happened = (id: number, status: string) => `id: ${id}\nevent: status\ndata: {"call_id": "c", "at": "t", "status": "${status}"}\n\n`;
const caught = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => assert.fail("nothing was thrown"), (error: unknown) => error);
const client = (url: string, options: ClientOptions = {}) => new Trunkline({ apiKey: KEY, url, firstWaitMs: 5, ...options });

test("one key goes with every try of a call", async () => {
  await withPeer([LOST, refusal(503, "at_capacity"), refusal(409, "idempotency_in_progress"), { status: 502, body: "<html>" }, PLACED], async (url, asked) => {
    const placed = await client(url).calls.place({ destination: "+31612345678", assistant_id: "a" });
    assert.equal(placed.call_id, "call-1");
    assert.equal(asked.length, 5);
    assert.equal(new Set(asked.map((one) => one.headers["idempotency-key"])).size, 1);
    assert.equal(new Set(asked.map((one) => one.body)).size, 1);
    assert.equal(asked[0]?.headers.authorization, `Bearer ${KEY}`);
  });
  await withPeer([PLACED], async (url, asked) => {
    await client(url).calls.place({ destination: "+31612345678" }, { idempotencyKey: "mine" });
    assert.equal(asked[0]?.headers["idempotency-key"], "mine");
  });
});

test("what stays wrong is not tried again, and told", async () => {
  for (const [status, code, kind] of [[400, "invalid_request", BadRequest], [404, "not_found", NotFound], [500, "internal_error", ApiError]] as const) {
    await withPeer([refusal(status, code)], async (url, asked) => {
      const told = await caught(client(url).assistants.create({ name: "A" }));
      assert.ok(told instanceof kind && told instanceof ApiError);
      assert.deepEqual([told.status, told.code, told.message, told.details], [status, code, "Do otherwise.", ["a: b"]]);
      assert.equal(told.requestId, "req-1");
      assert.equal(asked.length, 1);
    });
  }
});

test("it gives up in the end, and at once where the wait is too long", async () => {
  await withPeer([LOST, LOST], async (url, asked) => {
    await assert.rejects(client(url, { retries: 1 }).numbers.get("n"), ConnectionFailed);
    assert.equal(asked.length, 2);
  });
  await withPeer([refusal(429, "rate_limit_exceeded", "3600")], async (url, asked) => {
    await assert.rejects(client(url).numbers.get("n"), (error) => error instanceof RateLimited && error.retryAfter === 3600);
    assert.equal(asked.length, 1);
  });
});

test("what is gone after a lost reply was removed", async () => {
  await withPeer([LOST, refusal(404, "not_found")], async (url) => client(url).numbers.delete("n"));
  await withPeer([refusal(404, "not_found")], async (url) => assert.rejects(client(url).numbers.delete("n"), NotFound));
});

test("a request that takes too long is a connection that failed", async () => {
  const never: typeof fetch = (_input, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)));
  await assert.rejects(client("http://127.0.0.1:9", { fetch: never, timeoutMs: 20, retries: 0 }).numbers.get("n"), /no answer in time/);
  const stop = AbortSignal.timeout(20);
  await assert.rejects(client("http://127.0.0.1:9", { fetch: never }).numbers.get("n", { signal: stop }), { name: "TimeoutError" });
});

test("events go on after the last one that came", async () => {
  const first = events(`: still here\n\n${happened(1, "dialing")}${happened(2, "ringing")}event: transcript\ndata: {"final": false}\n\nid: 3\nevent: st`);
  const rest = events(happened(3, "in-progress") + happened(4, "ended"));
  await withPeer([first, LOST, refusal(503, "database_unavailable"), rest], async (url, asked) => {
    const found: [string, number | null][] = [];
    const iterator = client(url).calls.events("c");
    for await (const event of iterator) found.push([event.kind, event.id]);
    assert.deepEqual(found, [["status", 1], ["status", 2], ["transcript", null], ["status", 3], ["status", 4]]);
    assert.deepEqual(asked.map((one) => one.headers["last-event-id"]), ["0", "2", "2", "2"]);
  });
});

test("the events of a call that is over end", async () => {
  await withPeer([events(""), events(""), { status: 200, body: { status: "ended" } }], async (url, asked) => {
    for await (const event of client(url).calls.events("c", { after: 9 })) assert.fail(event.kind);
    assert.equal(asked.length, 3);
  });
});

test("following stops when it is told to", async () => {
  const stop = new AbortController();
  await withPeer([{ ...events(happened(1, "ringing")), open: true }], async (url) => {
    const following = client(url).calls.events("c", { signal: stop.signal });
    assert.equal((await following.next()).value?.id, 1);
    const next = following.next();
    stop.abort(new Error("enough"));
    await assert.rejects(next, /enough/);
  });
});

test("events that come in small parts are whole", () => {
  const text = `: hi\r\n\r\nid: 7\r\nevent: command\r\ndata: {"a":\r\ndata: "é"}\r\n\r\n`;
  for (const size of [1, 2, 3, 1000]) {
    const parser = new Parser();
    const parts = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    assert.deepEqual(parts.flatMap((part) => parser.events(part)), [{ kind: "command", id: 7, data: { a: "é" } }]);
  }
});

test("what is no installation is told", async () => {
  for (const body of ["<html>hello</html>", "[1]", ""]) {
    await withPeer([{ status: 200, body }, { status: 404, body }, { status: 301, body, headers: { Location: "/x" } }], async (url) => {
      for (let tried = 0; tried < 3; tried += 1) await assert.rejects(client(url).numbers.get("n"), TrunklineError);
    });
  }
  for (const url of ["calls.example.com", "ftp://calls.example.com", "https://"]) assert.throws(() => client(url), TypeError);
});

test("the key is shown nowhere, and an id stays one part of the path", async () => {
  await withPeer([refusal(404, "not_found")], async (url, asked) => {
    const ours = client(url);
    const told = await caught(ours.calls.get("../assistants?x#y"));
    assert.equal(asked[0]?.line, "GET /api/v1/calls/..%2Fassistants%3Fx%23y");
    assert.ok(![inspect(ours, { depth: 9 }), inspect(told, { depth: 9 }), JSON.stringify(ours)].some((text) => text.includes("secret")));
    await assert.rejects(ours.calls.get(""), TypeError);
  });
  await withPeer([{ status: 200, body: { voices: [] } }], async (url, asked) => {
    assert.deepEqual(await client(url).actingFor("child").voices.list({ language: "nl" }), []);
    assert.equal(asked[0]?.headers["x-organization-id"], "child");
    assert.equal(asked[0]?.line, "GET /api/v1/voices?language=nl");
  });
});

test("a list is read page by page, and nothing comes twice when it grows meanwhile", async () => {
  const items = (from: number, to: number) => Array.from({ length: to - from }, (_, place) => ({ id: String(from + place) }));
  const page = (from: number, to: number, total: number) => ({ status: 200, body: { numbers: items(from, to), pagination: { total, limit: 100, offset: from } } });
  await withPeer([page(0, 100, 150), page(99, 151, 151)], async (url, asked) => {
    const found = await client(url).numbers.list().all();
    assert.equal(found.length, 151);
    assert.deepEqual(asked.map((one) => one.line.split("?")[1]), ["limit=100&offset=0", "limit=100&offset=100"]);
  });
  await withPeer([page(0, 7, 150), page(0, 7, 150)], async (url) => {
    assert.equal((await client(url).numbers.list({ limit: 7 }).all()).length, 7);
    assert.equal((await client(url).numbers.list({ limit: 7 }).page()).total, 150);
  });
});
