"""The client knows a genuine webhook: our own signing, another implementation's, and nothing that was changed."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from trunkline.client import InvalidSignature, webhooks
from trunkline.webhooks.signing import headers

pytestmark = pytest.mark.unit
NOW = 1_795_000_000
BODY = json.dumps({"message": {"type": "status-update", "note": "ué"}}).encode()
SECRETS = ["a secret of mine", "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0", "whsec_not base64"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("kept", ["x-webhook-", "webhook-", ""])
def test_either_signature_proves_a_webhook(secret: str, kept: str) -> None:
    sent = headers("status-update", BODY, secret, "msg_1", NOW)
    alone = {name: value for name, value in sent.items() if name.lower().startswith(kept)}
    assert webhooks.verify(BODY, alone, secret, now=NOW + 60) == {"type": "status-update", "note": "ué"}
    assert webhooks.verify(BODY.decode(), alone, ["older", secret], now=NOW)["type"] == "status-update"


def test_what_another_implementation_signs_is_genuine() -> None:
    secret = "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0"
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    sent = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": f"v1,AAAA {signature}"}
    assert webhooks.verify(BODY, sent, secret, now=NOW)["type"] == "status-update"


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({}, BODY + b" "),
        ({"X-Webhook-Timestamp": str(NOW + 1), "webhook-timestamp": str(NOW + 1)}, BODY),
        ({"X-Webhook-Signature": "", "webhook-signature": ""}, BODY),
        ({"X-Webhook-Signature": "sha256=é", "webhook-id": "msg_2"}, BODY),
    ],
)
def test_what_was_changed_is_not_genuine(changed: dict[str, str], body: bytes) -> None:
    sent = headers("status-update", BODY, SECRETS[0], "msg_1", NOW) | changed
    with pytest.raises(InvalidSignature, match="not signed"):
        webhooks.verify(body, sent, SECRETS[0], now=NOW)


@pytest.mark.parametrize("off", [-301, 301])
def test_an_old_webhook_is_refused(off: int) -> None:
    sent = headers("status-update", BODY, SECRETS[0], "msg_1", NOW)
    with pytest.raises(InvalidSignature, match="too old"):
        webhooks.verify(BODY, sent, SECRETS[0], now=NOW + off)
    assert webhooks.verify(BODY, sent, SECRETS[0], now=NOW + off, tolerance_seconds=302)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "1", "X-Webhook-Timestamp": "2"},
    ],
)
def test_a_webhook_without_one_time_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature, match="when it was sent"):
        webhooks.verify(BODY, told, SECRETS[0], now=NOW)


def test_a_webhook_is_signed_by_the_secret_that_it_is_checked_with() -> None:
    sent = headers("status-update", BODY, SECRETS[0], "msg_1", NOW)
    with pytest.raises(InvalidSignature):
        webhooks.verify(BODY, sent, "another", now=NOW)
    for none in ("", [], [""]):
        with pytest.raises(ValueError, match="secret"):
            webhooks.verify(BODY, sent, none, now=NOW)


def test_a_secret_without_a_key_opens_no_door() -> None:
    sent = headers("status-update", BODY, "whsec_", "msg_1", NOW)
    forged = {name: value for name, value in sent.items() if name.startswith("webhook-")}
    with pytest.raises(InvalidSignature):
        webhooks.verify(BODY, forged, "whsec_", now=NOW)


def test_a_genuine_body_that_is_no_message_is_refused() -> None:
    sent = headers("x", b"[]", SECRETS[0], "msg_1", NOW)
    with pytest.raises(InvalidSignature, match="no message"):
        webhooks.verify(b"[]", sent, SECRETS[0], now=NOW)
