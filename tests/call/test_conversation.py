"""Whole calls with words in them: real SIP and RTP, real speech, and what is left when they are over."""

import asyncio
import io
import uuid
import wave
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.installation import Installation, installation
from tests.peers import BaresipPeer, SippUas
from tests.providers.prompts import prompt, texts
from tests.webhooks.receiver import Receiver, receiving
from trunkline.audio.frame import silence, to_float
from trunkline.audio.resample import resample
from trunkline.audio.wav import decode
from trunkline.base.errors import TrunklineError
from trunkline.testing.emulators.openai_chat import Behaviour, EmulatedCall, OpenAiChatEmulator
from trunkline.testing.recogniser import transcribe, word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

LOCAL = {"stt_config": {"provider": "local"}, "tts_config": {"provider": "local"}}
SCRIPTED = {"llm_config": {"provider": "local", "model": "scripted"}, **LOCAL}
FIRST = "Good afternoon. I am calling about your delivery, which will be at your door tomorrow morning."
HUMAN = "vm-nobodyavail"
HIGHEST_ERROR_RATE = 0.15


def _heard(pcm: bytes, rate: int) -> str:
    """What the independent recogniser hears from the first loud moment to the last."""
    samples = to_float(resample(pcm, rate, 16_000))
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    assert len(loud), "nothing but silence"
    return transcribe(samples[max(0, loud[0] - 4_800) : loud[-1] + 4_800])


async def test_a_person_on_debians_phone_hears_us_and_is_heard(house: Installation) -> None:
    person = silence(8, 8_000) + prompt(HUMAN)
    with BaresipPeer(tone=person + silence(30, 8_000)) as phone:
        assistant = {"name": "Courier", "first_message": FIRST, "recording_enabled": True, **SCRIPTED}
        call_id = await house.call(phone.start(), assistant)
        await house.until(call_id, lambda call: any(said["role"] == "user" for said in call["messages"]))
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        call = await house.ended(call_id)
        await asyncio.sleep(0.5)
        ours = decode(phone.heard.read_bytes())
    assert (call["status"], call["end_reason"], call["sip"]["codec"]) == ("ended", "api_ended", "pcmu")
    spoken = " ".join(said["content"] for said in call["messages"] if said["role"] == "assistant")
    assert spoken.startswith(FIRST)
    assert word_error_rate(spoken, _heard(ours.pcm, ours.sample_rate_hz)) < HIGHEST_ERROR_RATE
    understood = " ".join(said["content"] for said in call["messages"] if said["role"] == "user")
    assert word_error_rate(texts()[HUMAN], understood) < 0.35
    await _the_recording_holds_both(house, call, spoken)


async def _the_recording_holds_both(house: Installation, call: dict[str, Any], spoken: str) -> None:
    sound = await house.api.download(f"/calls/{call['id']}/recording")
    with wave.open(io.BytesIO(sound)) as found:
        assert (found.getnchannels(), found.getsampwidth()) == (2, 2)
        rate = found.getframerate()
        both = np.frombuffer(found.readframes(found.getnframes()), "<i2").reshape(-1, 2)
    theirs, ours = (np.ascontiguousarray(both[:, side]).tobytes() for side in (0, 1))
    assert word_error_rate(spoken, _heard(ours, rate)) < HIGHEST_ERROR_RATE
    assert word_error_rate(texts()[HUMAN], _heard(theirs, rate)) < HIGHEST_ERROR_RATE


async def test_webhooks_tell_of_a_call_in_order_and_signed(house: Installation, hook: Receiver) -> None:
    secret = "whsec_dHJ1bmtsaW5lLXRlc3Qtc2VjcmV0"
    assistant = {
        "name": "A",
        "first_message": "Hello.",
        "webhook_url": hook.url(),
        "webhook_secret": secret,
        **SCRIPTED,
    }
    with SippUas("uas_answer") as peer:
        call_id = await house.call(peer.start(), assistant, metadata={"order": "17"})
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call", "message": "Goodbye."})
        seen = await hook.wait(4, 20)
    bodies = [Webhook(secret).verify(one.body, one.headers) for one in seen]
    told = [(body["message"]["type"], body["message"]["call"]["status"]) for body in bodies]
    assert told == [
        ("status-update", "ringing"),
        ("status-update", "in-progress"),
        ("status-update", "ended"),
        ("end-of-call-report", "ended"),
    ]
    report = bodies[-1]["message"]
    assert report["end_reason"] == "api_ended"
    assert report["metadata"] == {"order": "17"}
    assert [said["content"] for said in report["messages"]][-1] == "Goodbye."
    assert secret not in b"".join(one.body for one in seen).decode()


async def test_one_idempotency_key_rings_one_phone_once(house: Installation) -> None:
    with SippUas("uas_answer", calls=None) as peer:
        number = await house.number(peer.start())
        body = {"destination": "+31612345678", "number_id": number, "assistant": {"name": "A", **SCRIPTED}}
        answers = await asyncio.gather(
            *(house.api.post("/calls/outbound", body, {"Idempotency-Key": "the-same"}) for _ in range(5)),
            return_exceptions=True,
        )
        made = {answer["call_id"] for answer in answers if isinstance(answer, dict)}
        assert len(made) == 1
        call_id = made.pop()
        again = await house.api.post("/calls/outbound", body, {"Idempotency-Key": "the-same"})
        assert again["call_id"] == call_id
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
        calls = {request["Call-ID"] for request in peer.requests("INVITE")}
    assert len(calls) == 1


async def test_a_command_to_an_ended_call_is_refused(house: Installation) -> None:
    with SippUas("uas_bye") as peer:
        call_id = await house.call(peer.start(), {"name": "A", **SCRIPTED})
        await house.ended(call_id)
    with pytest.raises(TrunklineError, match="400"):
        await house.api.post(f"/calls/{call_id}/control", {"type": "say", "content": "Hello?"})


async def test_the_party_is_handed_over_by_refer(house: Installation) -> None:
    with SippUas("uas_refer") as peer:
        call_id = await house.call(peer.start(), {"name": "A", **SCRIPTED})
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        order = {"type": "transfer", "destination": "sip:agent@127.0.0.1:5099", "message": "One moment."}
        await house.api.post(f"/calls/{call_id}/control", order)
        call = await house.ended(call_id)
        refer = peer.request("REFER")
    assert (call["status"], call["end_reason"]) == ("transferred", "transferred")
    assert "sip:agent@127.0.0.1:5099" in refer["Refer-To"]


def _model(**more: Any) -> dict[str, Any]:
    prompt_ = [{"role": "system", "content": "You are a receptionist."}]
    llm = {"provider": "openai_compatible", "model": "emulated-1", "messages": prompt_, **more}
    return {"name": "Reception", "llm_config": llm, **LOCAL}


@pytest.fixture(scope="module")
def person() -> bytes:
    """A party that says a sentence after two seconds, and again ten seconds later."""
    return silence(2, 8_000) + prompt(HUMAN) + silence(12, 8_000)


async def test_a_chat_completions_server_is_the_brain_and_calls_tools(folder: Path, person: bytes) -> None:
    async with OpenAiChatEmulator(key="sk-local") as model, receiving() as tools, _with_model(folder, model) as house:
        tools.answer = _result
        model.behave(
            Behaviour(calls=(EmulatedCall("opening_hours", '{"day": "Monday"}'),)),
            Behaviour(text="On Monday we are open from nine to five."),
            Behaviour(text="The caller asked for the opening hours."),
        )
        tool = {"name": "opening_hours", "description": "When we are open", "url": tools.url("/hours")}
        with BaresipPeer(tone=person) as phone:
            call_id = await house.call(phone.start(), _model(tools=[tool]))
            await house.until(call_id, lambda call: _said(call, "from nine to five"))
            await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
            await house.ended(call_id)
            call = await house.until(call_id, lambda call: call["summary"] is not None)
        asked = (await tools.wait(1))[0]
    assert b'"opening_hours"' in asked.body
    assert call["summary"] == "The caller asked for the opening hours."
    assert call["analysis_result"]["model"] == "emulated-1"


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(status=500, error="overloaded"),
        Behaviour(status=401, error="bad key"),
        Behaviour(first_byte_delay_seconds=60),
    ],
    ids=["errors", "refuses", "hangs"],
)
async def test_a_model_that_fails_ends_the_call_with_an_apology(
    folder: Path, person: bytes, behaviour: Behaviour
) -> None:
    async with OpenAiChatEmulator(key="sk-local") as model, _with_model(folder, model) as house:
        model.behave(behaviour)
        with BaresipPeer(tone=person) as phone:
            call = await house.ended(await house.call(phone.start(), _model()), 60)
    assert (call["status"], call["end_reason"]) == ("failed", "provider_error")
    assert "openai_compatible" in call["error"]
    assert "sk-local" not in str(call)
    assert [said for said in call["messages"] if said["role"] == "assistant"], "no apology was spoken"


async def _result(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"result": "open from nine to five"})


def _with_model(folder: Path, model: OpenAiChatEmulator) -> AbstractAsyncContextManager[Installation]:
    """An installation of its own whose operator runs that model server."""
    own = folder / uuid.uuid4().hex
    own.mkdir()
    return installation(own, openai_compatible_url=model.url, openai_compatible_key="sk-local")


def _said(call: dict[str, Any], words: str) -> bool:
    return any(words in said["content"] for said in call["messages"] if said["role"] == "assistant")
