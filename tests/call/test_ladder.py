"""The SIP ladder of calls: what was on the wire, of calls that went well and of those that did not."""

import asyncio
import socket
from typing import Any

import pytest

from tests.call.test_inbound import Reception, caller
from tests.call.test_transfers import transferring
from tests.installation import Installation
from tests.peers import SippUas
from trunkline.base.errors import TrunklineError

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="module")]

SCRIPTED = {
    "name": "Courier",
    "llm_config": {"provider": "local", "model": "scripted"},
    "stt_config": {"provider": "local"},
    "tts_config": {"provider": "local"},
}
PASSWORD = "s3cret"
Json = dict[str, Any]


async def ladder(house: Installation, call_id: str, query: str = "") -> Json:
    """The SIP messages of a call."""
    found: Json = await house.api.get(f"/calls/{call_id}/sip{query}")
    return found


async def kept(house: Installation, call_id: str, *, there: bool = True) -> Json:
    """The SIP messages of a call as soon as there are some (or none any more)."""
    async with asyncio.timeout(20):
        while bool((found := await ladder(house, call_id))["messages"]) is not there:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return found


def lines(found: Json, leg: int = 1) -> list[str]:
    """A leg's messages, each as one line."""
    mark = {"sent": ">", "received": "<"}
    return [
        f"{mark[one['direction']]} {one['status'] or ''} {one['method']}".replace("  ", " ")
        for one in found["messages"]
        if one["leg"] == leg
    ]


async def test_a_call_that_was_answered_shows_every_message_in_order(house: Installation) -> None:
    with SippUas("uas_answer") as peer:
        call_id = await house.call(peer.start(), SCRIPTED)
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        early = await ladder(house, call_id)
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
        found = await ladder(house, call_id)
        port = peer.port
    assert early == {"call_id": call_id, "complete": False, "messages": [], "omitted": 0}
    shown = lines(found)
    assert shown[0] == "> INVITE"
    assert shown[-4:] == ["< 200 INVITE", "> ACK", "> BYE", "< 200 BYE"]
    invite = found["messages"][0]
    assert (invite["peer"], invite["status"], invite["reason"]) == (f"127.0.0.1:{port}", None, None)
    assert invite["codecs"][:2] == ["pcmu", "pcma"]
    assert (invite["from_host"], invite["to_host"]) == ("127.0.0.1", "127.0.0.1")
    assert len({one["call_id"] for one in found["messages"]}) == 1
    assert [one["at"] for one in found["messages"]] == sorted(one["at"] for one in found["messages"])
    assert (found["complete"], found["omitted"], "raw" in invite) == (True, 0, False)


async def test_a_call_that_failed_shows_why_and_its_password_never(house: Installation) -> None:
    with SippUas("uas_auth") as peer:
        number = await house.number(peer.start(), auth_username="bot", auth_password=PASSWORD)
        body = {"destination": "+31612345678", "number_id": number, "assistant": SCRIPTED}
        call_id = (await house.api.post("/calls/outbound", body))["call_id"]
        await house.until(call_id, lambda call: call["status"] == "in-progress")
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
        found = await ladder(house, call_id, "?raw=true")
    shown = lines(found)
    assert shown[:5] == ["> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 200 INVITE"], shown
    asked = [one for one in found["messages"] if one["method"] == "INVITE" and one["status"] is None]
    assert "\r\nAuthorization: [redacted]" in asked[1]["raw"]
    assert asked[1]["raw"].startswith("INVITE sip:")
    assert "response=" not in str(found)

    with SippUas("uas_final", keys={"status": "486 Busy Here"}) as peer:
        call_id = await house.call(peer.start(), SCRIPTED)
        call = await house.ended(call_id)
        found = await ladder(house, call_id)
    assert call["end_reason"] == "busy"
    assert lines(found)[-2:] == ["< 486 INVITE", "> ACK"]
    assert next(one["reason"] for one in found["messages"] if one["status"] == 486) == "Busy Here"


async def test_a_call_that_was_refused_while_it_rang_shows_the_refusal(house: Installation) -> None:
    desk = await Reception(house).open(None)
    await caller(desk, "uac_status", {"status": "480"})
    call = await desk.ended()
    found = await kept(house, call["id"])
    assert lines(found)[0] == "< INVITE"
    assert lines(found)[-2:] == ["> 480 INVITE", "< ACK"]


async def test_a_transferred_call_shows_the_second_leg(house: Installation) -> None:
    with SippUas("uas_answer") as party, SippUas("uas_final", keys={"status": "486 Busy Here"}) as agent:
        call_id = await transferring(house, party.start(), agent.start())
        await agent.ended()
        await house.api.post(f"/calls/{call_id}/control", {"type": "end-call"})
        await house.ended(call_id)
        found = await ladder(house, call_id)
    assert lines(found)[0] == "> INVITE"
    assert lines(found)[-2:] == ["> BYE", "< 200 BYE"]
    assert [one for one in lines(found, leg=2) if "100" not in one] == ["> INVITE", "< 486 INVITE", "> ACK"]


def hostile(invite: str) -> list[bytes]:
    """What a peer sends within the dialog of an INVITE: junk in every field that is read, and at last that it is busy."""
    same = "".join(
        f"{line}\r\n" for line in invite.split("\r\n") if line.partition(":")[0] in ("Via", "From", "To", "Call-ID")
    )
    cseq = next(line for line in invite.split("\r\n") if line.startswith("CSeq:"))
    body = "v=0\no=- 1 1 IN IP4 127.0.0.1\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:bWVkaWEga2V5\n"
    texts = [
        f"SIP/2.0 180 \x00\x01 \ud83d\r\n{same}{cseq}\r\nContent-Length: {len(body)}\r\n\r\n{body}",
        *(f"INFO sip:x@127.0.0.1 SIP/2.0\r\n{same}CSeq: {'9' * digits} INFO\r\n\r\n" for digits in (25, 5000)),
        f"SIP/2.0 486 Busy Here\r\n{same}{cseq}\r\nContent-Length: 0\r\n\r\n",
    ]
    return [text.encode(errors="surrogatepass") for text in texts]


async def test_a_hostile_peer_spoils_neither_the_call_nor_its_ladder(house: Installation) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.setblocking(False)
        peer.bind(("127.0.0.1", 0))
        call_id = await house.call(peer.getsockname()[1], SCRIPTED)
        invite, sender = await asyncio.wait_for(loop.sock_recvfrom(peer, 65535), 20)
        for message in hostile(invite.decode()):
            await loop.sock_sendto(peer, message, sender)
        call = await house.ended(call_id)
    found = await kept(house, call_id)
    raw = await ladder(house, call_id, "?raw=true")
    assert call["end_reason"] == "busy"
    assert "< 486 INVITE" in lines(found)
    assert "bWVkaWEga2V5" not in str(raw)
    assert "could not be delivered" not in house.log.read_text()


async def test_the_ladder_of_no_call_is_not_found(house: Installation) -> None:
    with pytest.raises(TrunklineError, match="404"):
        await ladder(house, "call-outbound-unknown")


async def test_a_call_that_must_be_forgotten_leaves_no_ladder(house: Installation) -> None:
    with SippUas("uas_final", keys={"status": "486 Busy Here"}) as peer:
        call_id = await house.call(peer.start(), {**SCRIPTED, "gdpr_mode": True})
        await house.ended(call_id)
        found = await kept(house, call_id, there=False)
    assert found["messages"] == []
