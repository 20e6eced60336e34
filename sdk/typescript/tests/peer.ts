/** A server that says what it was told to, whatever it is asked, and keeps what it was asked. */

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Answer {
  /** 0: the connection breaks instead. */
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether the reply goes on, without anything more. */
  open?: boolean;
}

export interface Asked {
  line: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export const LOST: Answer = { status: 0 };

/** A refusal as the API gives it. */
export function refusal(status: number, code: string, retryAfter = "0"): Answer {
  return { status, body: { error: "No", message: "Do otherwise.", code, details: ["a: b"] }, headers: { "Retry-After": retryAfter } };
}

/** A stream of events; then the connection breaks. */
export function events(text: string): Answer {
  return { status: 200, body: text, headers: { "Content-Type": "text/event-stream" } };
}

/** What came of a server with these answers, one for each request. */
export async function withPeer(answers: Answer[], run: (url: string, asked: Asked[]) => Promise<void>): Promise<void> {
  const asked: Asked[] = [];
  const left = [...answers];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += String(part);
    asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    const answer = left.shift() ?? LOST;
    if (answer.status === 0) return void request.socket.destroy();
    const raw = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
    response.writeHead(answer.status, { "X-Request-Id": "req-1", Connection: "close", ...answer.headers });
    if (answer.open) response.write(raw);
    else response.end(raw);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
