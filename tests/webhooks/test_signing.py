"""The signatures, checked by the Standard Webhooks library and by a computation of our own."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from trunkline.webhooks.signing import headers, standard_key

pytestmark = pytest.mark.unit
BODY = b'{"message":{"type":"status-update"}}'


def test_every_webhook_says_what_and_when_it_is() -> None:
    found = headers("status-update", BODY, None, "d1", 1_700_000_000)
    assert found == {
        "X-Webhook-Event": "status-update",
        "X-Webhook-Timestamp": "1700000000",
        "webhook-id": "d1",
        "webhook-timestamp": "1700000000",
    }


def test_our_signature_covers_the_time_and_the_raw_body_with_the_whole_secret() -> None:
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    found = headers("status-update", BODY, secret, "d1", 1_700_000_000)
    wanted = hmac.new(secret.encode(), b"1700000000." + BODY, hashlib.sha256).hexdigest()
    assert found["X-Webhook-Signature"] == f"sha256={wanted}"


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=40))
def test_the_standard_library_verifies_secrets_in_its_own_form(key: bytes, noise: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    body = json.dumps({"noise": noise.hex()}).encode()
    found = headers("status-update", body, secret, "d1", int(time.time()))
    assert Webhook(secret).verify(body, found) == {"noise": noise.hex()}


@given(st.text(min_size=1, max_size=60).filter(lambda text: not text.startswith("whsec_")))
def test_the_standard_library_verifies_any_other_secret_by_its_bytes(secret: str) -> None:
    found = headers("status-update", BODY, secret, "d1", int(time.time()))
    assert Webhook(secret.encode()).verify(BODY, found) == json.loads(BODY)


def test_a_secret_that_only_looks_like_the_standard_form_is_used_as_it_is() -> None:
    assert standard_key("whsec_a") == b"whsec_a"
    assert standard_key("whsec_schl\u00fcssel") == "whsec_schl\u00fcssel".encode()
