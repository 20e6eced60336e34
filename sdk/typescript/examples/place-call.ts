/** Places a call, follows it as it happens, has something said, and prints what came of it.
 *
 *      TRUNKLINE_URL=http://127.0.0.1:8080 TRUNKLINE_API_KEY=tl_live_... node place-call.js +31612345678
 */

import { ApiError, Trunkline } from "../src/index.js";

const client = new Trunkline();
const [destination = ""] = process.argv.slice(2);

try {
  const { call_id: callId } = await client.calls.place({
    destination,
    assistant: {
      llm_config: { provider: "local", model: "scripted" },
      stt_config: { provider: "local" },
      tts_config: { provider: "local" },
      first_message: "Hello {{name}}, this is a call from a program.",
    },
    variables: { name: "Ada" },
    metadata: { order: "1234" },
  });
  for await (const event of client.calls.events(callId)) {
    console.log(event.kind, event.data["status"] ?? event.data["content"] ?? "");
    if (event.data["status"] === "in-progress") await client.calls.say(callId, "That was all. Goodbye.", { endAfter: true });
  }
  const call = await client.calls.get(callId);
  console.log(`${call.status}, ${call.end_reason}, ${call.duration_seconds} s`);
  process.exitCode = call.duration_seconds === null ? 1 : 0;
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.log(`${error.title} (${error.code}): ${error.message}`);
  process.exitCode = 1;
}
