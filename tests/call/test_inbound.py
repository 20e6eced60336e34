"""Calls that come in, on the composed platform: who gets in, who answers, and what is left of it."""

import asyncio
import io
import json
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.docs.pages import blocks
from tests.installation import Installation, installation
from tests.peers import BaresipPeer, SippUac
from tests.providers.prompts import prompt, texts
from tests.webhooks.receiver import Answer, Receiver, hang, reply
from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.testing.recogniser import transcribe, word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

LOCAL = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
SCRIPTED = {"llm_config": {"provider": "local", "model": "scripted"}, **LOCAL}
FIRST = "Good afternoon, this is the courier desk. Your parcel will be at your door tomorrow morning."
HUMAN = "vm-nobodyavail"
NUMBERS = iter(f"+3185083{n:04d}" for n in range(1000, 2000))


class Reception:
    """An organisation's number with its trunk and assistant, for one test."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.phone = next(NUMBERS)
        self.assistant_id: str | None = None
        self.trunk_id = self.number_id = ""

    async def open(
        self, assistant: dict[str, Any] | None, trunk: dict[str, Any] | None = None, **number: Any
    ) -> "Reception":
        """Registers it; ``assistant`` None leaves the number without one."""
        api = self.house.api
        way = {"name": "in", "address": "127.0.0.1:5999", "inbound_addresses": ["127.0.0.1"], **(trunk or {})}
        self.trunk_id = (await api.post("/sip-trunks", way))["trunk"]["id"]
        if assistant is not None:
            made = await api.post("/assistants", {"name": "Desk", **SCRIPTED, **assistant})
            self.assistant_id = made["assistant"]["id"]
        line = {
            "phone_number": self.phone,
            "name": "Desk",
            "trunk_id": self.trunk_id,
            "assistant_id": self.assistant_id,
        }
        self.number_id = (await api.post("/numbers", {**line, **number}))["number"]["id"]
        return self

    @property
    def sip(self) -> str:
        """Where the platform takes calls."""
        return self.house.environment["TRUNKLINE_SIP_LISTEN"]

    async def calls(self) -> list[dict[str, Any]]:
        """The calls of this number, newest first."""
        found: list[dict[str, Any]] = (
            await self.house.api.get(f"/calls?direction=inbound&number_id={self.number_id}")
        )["calls"]
        return found

    async def call(self, seconds: float = 10) -> str:
        """The id of the call to this number, once there is one."""
        async with asyncio.timeout(seconds):
            while not (found := await self.calls()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return str(found[0]["id"])

    async def ended(self, seconds: float = 30) -> dict[str, Any]:
        """The call to this number, once it has ended."""
        return await self.house.ended(await self.call(), seconds)


def heard(pcm: bytes, rate: int) -> str:
    """What the independent recogniser hears from the first loud moment to the last."""
    samples = to_float(resample(pcm, rate, 16_000))
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return transcribe(samples[max(0, loud[0] - 4_800) : loud[-1] + 4_800]) if len(loud) else ""


async def test_a_caller_and_the_assistant_hear_each_other(house: Installation, hook: Receiver) -> None:
    assistant = {"first_message": FIRST, "recording_enabled": True, "webhook_url": hook.url()}
    desk = await Reception(house).open(assistant)
    person = silence(9, 8_000) + prompt(HUMAN)
    with BaresipPeer(tone=person + silence(30, 8_000)) as phone:
        phone.start()
        phone.order("dial", f"sip:{desk.phone}@{desk.sip}")
        call_id = await desk.call()
        await house.until(call_id, lambda call: any(said["role"] == "user" for said in call["messages"]))
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        await asyncio.sleep(0.5)
        ours = decode(phone.heard.read_bytes())
    assert (call["direction"], call["status"], call["end_reason"]) == ("inbound", "ended", "api_ended")
    assert (call["assistant_phone"], call["caller_phone"]) == (desk.phone, "+31612345678")
    assert (call["assistant_id"], call["sip"]["codec"]) == (desk.assistant_id, "pcmu")
    spoken = " ".join(said["content"] for said in call["messages"] if said["role"] == "assistant")
    assert spoken.startswith(FIRST)
    assert word_error_rate(spoken, heard(ours.pcm, ours.sample_rate_hz)) < 0.15
    understood = " ".join(said["content"] for said in call["messages"] if said["role"] == "user")
    assert word_error_rate(texts()[HUMAN], understood) < 0.35
    with wave.open(io.BytesIO(await house.api.download(f"/calls/{call_id}/recording"))) as found:
        both = np.frombuffer(found.readframes(found.getnframes()), "<i2").reshape(-1, 2)
        rate = found.getframerate()
    assert word_error_rate(spoken, heard(np.ascontiguousarray(both[:, 1]).tobytes(), rate)) < 0.15
    assert word_error_rate(texts()[HUMAN], heard(np.ascontiguousarray(both[:, 0]).tobytes(), rate)) < 0.15
    told = [json.loads(one.body)["message"] for one in await hook.wait(5, 20)]
    assert [(one["type"], one["call"]["status"]) for one in told] == [
        ("assistant-request", "ringing"),
        ("status-update", "ringing"),
        ("status-update", "in-progress"),
        ("status-update", "ended"),
        ("end-of-call-report", "ended"),
    ]
    assert told[0]["call"]["type"] == "inbound_phone_call"
    assert (told[0]["customer"]["number"], told[0]["phone_number"]["number"]) == ("+31612345678", desk.phone)


async def test_a_stranger_is_turned_away_and_leaves_no_trace(house: Installation) -> None:
    desk = await Reception(house).open({})
    await caller(desk, "uac_status", {"status": "403"}, host="127.0.0.2")
    await caller(desk, "uac_status", {"status": "404"}, user="+31850999999")
    await caller(desk, "uac_status", {"status": "403"}, host="127.0.0.3", user=f"00{desk.phone[1:]}")
    assert await desk.calls() == []


@pytest.mark.parametrize("spelling", ["+{0}", "{0}", "00{0}", "0{1}"])
async def test_the_number_may_be_spelled_as_trunks_do(house: Installation, spelling: str) -> None:
    desk = await Reception(house).open({})
    await caller(desk, "uac_call", user=spelling.format(desk.phone[1:], desk.phone[3:]))
    call = await desk.ended()
    assert (call["end_reason"], call["assistant_phone"]) == ("user_hangup", desk.phone)


async def test_a_caller_from_anywhere_gets_in_with_the_trunks_credentials(house: Installation) -> None:
    trunk = {"inbound_addresses": [], "auth_username": "ann", "auth_password": "s3cret"}
    desk = await Reception(house).open({}, trunk)
    keys = {"username": "ann", "password": "s3cret"}
    await caller(desk, "uac_auth_refused", {**keys, "password": "guess", "status": "403"}, host="127.0.0.2")
    assert await desk.calls() == []
    await caller(desk, "uac_auth", keys, host="127.0.0.2")
    assert (await desk.ended())["end_reason"] == "user_hangup"
    assert "s3cret" not in house.log.read_text()


async def test_an_inactive_trunk_or_number_takes_no_calls(house: Installation) -> None:
    for desk in (
        await Reception(house).open({}, {"is_active": False}),
        await Reception(house).open({}, is_active=False),
    ):
        await caller(desk, "uac_status", {"status": "404"})
        assert await desk.calls() == []


async def test_a_number_without_an_assistant_rejects_its_calls_and_says_why(house: Installation) -> None:
    desk = await Reception(house).open(None)
    await caller(desk, "uac_status", {"status": "480"})
    call = await desk.ended()
    assert (call["status"], call["end_reason"], call["duration_seconds"]) == ("rejected", "no_assistant", 0)
    assert "attach one" in call["error"]


async def test_a_full_number_rejects_the_next_call(house: Installation) -> None:
    desk = await Reception(house).open({}, max_concurrent_calls=1)
    with SippUac("uac_stays", desk.sip, user=desk.phone) as first:
        first.start()
        call_id = await desk.call()
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        await caller(desk, "uac_status", {"status": "486"})
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
    second = (await desk.calls())[0]
    assert (second["status"], second["end_reason"]) == ("rejected", "at_capacity")
    assert "the number has as many calls" in second["error"]


# --- assistant-request

OTHER = {"name": "Other", "first_message": "Other here.", **SCRIPTED}


@pytest.mark.parametrize(
    ("answer", "name", "first_message", "longest"),
    [
        ({}, "Desk", "Desk here.", 600),
        ({"assistant": OTHER}, "Other", "Other here.", 600),
        ({"agent": OTHER}, "Other", "Other here.", 600),
        ({"assistant_id": "@id", "assistant_override": {"first_message": "Changed."}}, "Stored", "Changed.", 600),
        ({"assistant_id": "@id"}, "Stored", "Stored here for {{who}}.", 600),
        ({"max_duration_seconds": 120}, "Desk", "Desk here.", 120),
        ({"assistant_override": {"max_duration_seconds": 90}}, "Desk", "Desk here.", 90),
        ({"assistant_id": "@id", "variables": {"who": "Ann"}}, "Stored", "Stored here for Ann.", 600),
    ],
    ids=["empty", "transient", "older-name", "hybrid", "unfilled", "bare", "override-alone", "variables"],
)
async def test_the_webhook_says_who_answers(
    house: Installation, hook: Receiver, answer: dict[str, Any], name: str, first_message: str, longest: int
) -> None:
    desk = await Reception(house).open({"first_message": "Desk here.", "webhook_url": hook.url()})
    body = {"name": "Stored", "first_message": "Stored here for {{who}}.", **SCRIPTED}
    stored = (await house.api.post("/assistants", body))["assistant"]["id"]
    hook.answer = reply(text=json.dumps(answer).replace("@id", stored))
    await caller(desk, "uac_call")
    call = await desk.ended()
    if "{{" in first_message:  # what nobody fills is no answer: the number's own assistant speaks
        name, first_message = "Desk", "Desk here."
        assert "assistant-request makes no sense" in house.log.read_text()
    spoken = call["assistant"]
    assert (call["assistant_name"], spoken["first_message"]) == (name, first_message)
    assert spoken["max_duration_seconds"] == longest
    assert (call["end_reason"], call["assistant_id"]) == (
        "user_hangup",
        {"Desk": desk.assistant_id, "Stored": stored}.get(name),
    )
    assert json.loads(hook.seen[0].body)["message"]["type"] == "assistant-request"


@pytest.mark.parametrize(
    "answer",
    [
        reply(text="garbage"),
        reply(text="[]"),
        reply(status=500),
        reply(text='{"assistant_id": "nobody"}'),
        reply(text='{"assistant": {}, "assistant_id": "x"}'),
        reply(text='{"surprise": 1}'),
        reply(text='{"error": ""}'),
        reply(text='{"assistant": {"llm_config": {"provider": "none-such"}}}'),
        hang,
    ],
    ids=["no-json", "no-object", "500", "unknown-id", "two-modes", "unknown-field", "no-words", "no-provider", "slow"],
)
async def test_a_bad_or_late_reply_leaves_the_call_to_the_numbers_own_assistant(
    house: Installation, hook: Receiver, answer: Answer
) -> None:
    hook.answer = answer
    desk = await Reception(house).open({"webhook_url": hook.url(), "webhook_events": ["assistant-request"]})
    began = time.monotonic()
    await caller(desk, "uac_call")
    took = time.monotonic() - began
    call = await desk.ended()
    assert (call["assistant_id"], call["end_reason"]) == (desk.assistant_id, "user_hangup")
    assert 5 < took < 8 if answer is hang else took < 4


async def test_the_webhook_refuses_a_call_with_words_that_are_heard(house: Installation, hook: Receiver) -> None:
    words = "Thank you for calling. Our office is closed today, please call again on Monday morning."
    hook.answer = reply(text=json.dumps({"error": words}))
    desk = await Reception(house).open({"webhook_url": hook.url()})
    with BaresipPeer() as phone:
        phone.start()
        phone.order("dial", f"sip:{desk.phone}@{desk.sip}")
        call = await desk.ended()
        await asyncio.sleep(0.5)
        ours = decode(phone.heard.read_bytes())
    assert (call["status"], call["end_reason"]) == ("rejected", "rejected_by_webhook")
    assert (call["started_at"], call["duration_seconds"]) == (None, 0)
    assert word_error_rate(words, heard(ours.pcm, ours.sample_rate_hz)) < 0.15
    told = [json.loads(one.body)["message"] for one in await hook.wait(4, 20)]
    assert [(one["type"], one["call"]["status"]) for one in told] == [
        ("assistant-request", "ringing"),
        ("status-update", "ringing"),
        ("status-update", "rejected"),
        ("end-of-call-report", "rejected"),
    ]


async def test_a_caller_who_gives_up_while_the_webhook_thinks_has_hung_up(house: Installation, hook: Receiver) -> None:
    hook.answer = hang
    desk = await Reception(house).open({"webhook_url": hook.url(), "webhook_events": ["assistant-request"]})
    began = time.monotonic()
    await caller(desk, "uac_cancel")
    call = await desk.ended(3)
    assert time.monotonic() - began < 4
    assert (call["status"], call["end_reason"], call["started_at"]) == ("ended", "user_hangup", None)
    health = await house.api.get("/health")
    assert health["checks"]["sip"]["live_legs"] == 0


async def test_a_call_that_rang_when_the_platform_was_killed_is_ended(folder: Path, hook: Receiver) -> None:
    hook.answer = hang
    own = folder / "killed"
    own.mkdir()
    async with installation(own) as house:
        desk = await Reception(house).open({"webhook_url": hook.url(), "webhook_events": ["assistant-request"]})
        with SippUac("uac_stays", desk.sip, user=desk.phone) as phone:
            phone.start()
            call_id = await desk.call()
            await house.kill()
        await house.start()
        call = await house.ended(call_id)
    assert (call["status"], call["end_reason"]) == ("failed", "worker_lost")


# --- consent

ASKS = {"recording_consent": {"enabled": True}, "recording_enabled": True, "first_message": FIRST}


async def test_nothing_of_what_a_caller_says_before_key_1_is_kept(house: Installation) -> None:
    """The caller talks all the while; the recording begins at key 1, and with it the transcript."""
    desk = await Reception(house).open(ASKS)
    with BaresipPeer(tone=prompt(HUMAN) + silence(0.5, 8_000)) as phone:
        phone.start()
        phone.order("dial", f"sip:{desk.phone}@{desk.sip}")
        call_id = await desk.call()
        await house.until(call_id, lambda call: any("Press 1" in said["content"] for said in call["messages"]))
        await asyncio.sleep(3)
        before = await house.api.get(f"/calls/{call_id}")
        phone.order("sndcode", "1")
        await house.until(call_id, lambda call: any(said["role"] == "system" for said in call["messages"]))
        agreed = time.monotonic()
        await asyncio.sleep(4)
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        lasted = time.monotonic() - agreed
    assert [said["role"] for said in before["messages"]] == ["assistant"]
    assert (before["status"], before["recording_url"]) == ("in-progress", None)
    with wave.open(io.BytesIO(await house.api.download(f"/calls/{call_id}/recording"))) as found:
        recorded = found.getnframes() / found.getframerate()
    assert 3.5 < recorded < lasted + 1.5
    assert call["duration_seconds"] > recorded + 5


@pytest.mark.parametrize(("key", "reason", "seconds"), [("2", "consent_declined", 20), (None, "consent_timeout", 60)])
async def test_a_caller_who_does_not_agree_is_not_kept(
    house: Installation, key: str | None, reason: str, seconds: float
) -> None:
    desk = await Reception(house).open(ASKS)
    with BaresipPeer(tone=prompt(HUMAN)) as phone:
        phone.start()
        phone.order("dial", f"sip:{desk.phone}@{desk.sip}")
        call_id = await desk.call()
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        if key is not None:
            await asyncio.sleep(1)
            phone.order("sndcode", key)
        call = await desk.ended(seconds)
        await asyncio.sleep(0.5)
        ours = decode(phone.heard.read_bytes())
    assert (call["status"], call["end_reason"], call["recording_url"]) == ("ended", reason, None)
    assert not [said for said in call["messages"] if said["role"] == "user"]
    if key is None:
        twice = heard(ours.pcm, ours.sample_rate_hz).lower()
        assert twice.count("record") == 2, twice


async def caller(
    desk: Reception, scenario: str, keys: dict[str, str] | None = None, *, host: str = "127.0.0.1", user: str = ""
) -> None:
    """SIPp calls; its scenario must end as it wants."""
    with SippUac(scenario, desk.sip, user=user or desk.phone, keys=keys or {}, host=host) as phone:
        phone.start()
        assert await phone.ended(15) == 0, phone.messages()


async def test_the_receiver_of_the_manual_greets_a_caller_it_knows(house: Installation) -> None:
    names: dict[str, Any] = {"__name__": "manual"}
    exec(blocks("docs/inbound.md", "python")[0], names)
    names["CUSTOMERS"]["+31205550001"] = "Bob"
    with names["ThreadingHTTPServer"](("127.0.0.1", 0), names["Receiver"]) as server:
        serving = asyncio.create_task(asyncio.to_thread(server.serve_forever))
        desk = await Reception(house).open({"webhook_url": f"http://127.0.0.1:{server.server_port}/"})
        await caller(desk, "uac_call")
        call = await desk.ended()
        server.shutdown()
        await serving
    assert call["assistant"]["first_message"] == "Hello Bob, how can I help you?"
