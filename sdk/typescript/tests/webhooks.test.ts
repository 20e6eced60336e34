/** The client knows a genuine webhook, signed here by Node's own means, and nothing that was changed. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { InvalidSignature, verify } from "../src/webhooks.js";

const NOW = 1_795_000_000;
const BODY = JSON.stringify({ message: { type: "status-update", note: "ué", call: { id: "c" } } });
const SECRETS = ["a secret of mine", "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0"];

function headers(secret: string, body = BODY, at = NOW): Record<string, string> {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return {
    "X-Webhook-Timestamp": String(at),
    "X-Webhook-Signature": `sha256=${createHmac("sha256", secret).update(`${at}.${body}`).digest("hex")}`,
    "webhook-id": "msg_1",
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,AAAA v1,${createHmac("sha256", key).update(`msg_1.${at}.${body}`).digest("base64")}`,
  };
}

test("either signature proves a webhook", async () => {
  for (const secret of SECRETS) {
    for (const start of ["x-webhook-", "webhook-", ""]) {
      const sent = Object.fromEntries(Object.entries(headers(secret)).filter(([name]) => name.toLowerCase().startsWith(start)));
      assert.equal((await verify(BODY, sent, secret, { now: NOW + 60 }))["note"], "ué");
      assert.equal((await verify(new TextEncoder().encode(BODY), new Headers(sent), ["older", secret], { now: NOW })).type, "status-update");
    }
  }
});

test("what was changed is not genuine", async () => {
  const [secret = ""] = SECRETS;
  const sent = headers(secret);
  const moved = { ...sent, "X-Webhook-Timestamp": String(NOW + 1), "webhook-timestamp": String(NOW + 1) };
  const bare = { ...sent, "X-Webhook-Signature": "sha256=é", "webhook-signature": "v1,é" };
  for (const [body, told] of [[`${BODY} `, sent], [BODY, moved], [BODY, bare]] as const) {
    await assert.rejects(verify(body, told, secret, { now: NOW }), InvalidSignature);
  }
  await assert.rejects(verify(BODY, sent, "another", { now: NOW }), InvalidSignature);
  await assert.rejects(verify(BODY, headers("whsec_x", BODY), "whsec_", { now: NOW }), InvalidSignature);
  for (const none of ["", []]) await assert.rejects(verify(BODY, sent, none, { now: NOW }), TypeError);
});

test("an old webhook, and one without a time, are refused", async () => {
  const [secret = ""] = SECRETS;
  for (const now of [NOW - 301, NOW + 301]) await assert.rejects(verify(BODY, headers(secret), secret, { now }), /too old/);
  await verify(BODY, headers(secret), secret, { now: NOW + 301, toleranceSeconds: 302 });
  for (const told of [{}, { "webhook-timestamp": "soon" }, { "webhook-timestamp": "1", "X-Webhook-Timestamp": "2" }]) {
    await assert.rejects(verify(BODY, told, secret, { now: NOW }), /when it was sent/);
  }
});

test("a genuine body that is no message is refused", async () => {
  const [secret = ""] = SECRETS;
  await assert.rejects(verify("[]", headers(secret, "[]"), secret, { now: NOW }), /no message/);
});
