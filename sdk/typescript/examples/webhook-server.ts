/** Receives webhooks, and believes only those that the installation signed.
 *
 *      TRUNKLINE_WEBHOOK_SECRET=... node webhook-server.js 8000
 */

import { createServer } from "node:http";
import { InvalidSignature, verify } from "../src/webhooks.js";

const seen = new Set<unknown>();

createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  try {
    const message = await verify(Buffer.concat(parts), request.headers, process.env["TRUNKLINE_WEBHOOK_SECRET"] ?? "");
    if (!seen.has(request.headers["webhook-id"])) console.log(message.type, message.call.status);
    seen.add(request.headers["webhook-id"]);
    response.writeHead(204).end();
  } catch (error) {
    if (!(error instanceof InvalidSignature)) throw error;
    response.writeHead(401).end(error.message);
  }
}).listen(Number(process.argv[2]), "127.0.0.1");
