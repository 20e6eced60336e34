"""The far end's telephones: one SIP port for all of them, each call a dialog that its script plays."""

import asyncio
import itertools
from collections.abc import Callable
from typing import cast

from bench.soak import sip
from bench.soak.sip import Message
from bench.soak.sound import Sound

REASONS = {
    180: "Ringing", 202: "Accepted", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 410: "Gone",
    480: "Temporarily Unavailable", 484: "Address Incomplete", 486: "Busy Here", 500: "Server Internal Error",
    503: "Service Unavailable", 600: "Busy Everywhere", 603: "Decline", 604: "Does Not Exist Anywhere",
}  # fmt: skip
AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0)
_tags = itertools.count(1)


class Dialog:
    """One call at a telephone, as its script sees it."""

    def __init__(self, phones: "Phones", invite: Message, sound: Sound, peer: tuple[str, int]) -> None:
        self.sound = sound
        self.tag = f"soak{next(_tags)}"
        self.up = asyncio.Event()
        """The other side confirmed our answer."""
        self.over = asyncio.Event()
        self.hung_up_by_us = False
        """We sent the first BYE."""
        self.cancelled = asyncio.Event()
        self.refers: asyncio.Queue[Message] = asyncio.Queue()
        self.unconfirmed = 0
        """Requests of ours that nobody answered."""
        self._phones = phones
        self._invite = invite
        self._peer = peer
        self._target = sip.address(invite.get("contact"))
        self._number = 1000
        self._version = 1
        sound.send_to(sip.media(invite.body))

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._invite.get("call-id")

    @property
    def branch(self) -> str:
        """The transaction of its INVITE."""
        return self._invite.branch

    # --- as the one that is called

    def ring(self) -> None:
        """Answers 180."""
        self._answer(180)

    def refuse(self, status: int) -> None:
        """Answers with a final failure, until it is acknowledged."""
        self._answer(status)
        self._phones.insist(self, self._invite.reply(status, REASONS[status], self.tag), self.up)
        self._end()

    def pick_up(self) -> None:
        """Answers 200 until it is acknowledged; sound goes out from now on."""
        answer = self._invite.reply(
            200, "OK", self.tag, *self._described(), body=sip.sdp(self.sound.port, self._version)
        )
        self._phones.keep(self._invite, answer)
        self._phones.insist(self, answer, self.up)
        self.sound.on = True

    def _answer(self, status: int) -> None:
        answer = self._invite.reply(status, REASONS[status], self.tag, *self._described()[:1])
        self._phones.keep(self._invite, answer)
        self._phones.send(answer, self._peer)

    def _described(self) -> tuple[tuple[str, str], ...]:
        return (("contact", f"<{self._phones.contact}>"), ("content-type", "application/sdp"))

    # --- in the call

    async def hang_up(self) -> None:
        """Sends BYE and waits for its answer."""
        if self.over.is_set():
            return
        self.hung_up_by_us = True
        self._end()
        await self._request("BYE")

    async def hold(self, on: bool) -> bool:
        """Sends a re-INVITE that holds the other side, or takes it back; says whether it was accepted."""
        self._version += 1
        body = sip.sdp(self.sound.port, self._version, "sendonly" if on else "sendrecv")
        answer = await self._request("INVITE", *self._described()[1:], body=body)
        return answer is not None and answer.status == 200

    async def notify(self, status: int, reason: str, *, last: bool) -> None:
        """Tells how far a transfer is."""
        state = "terminated;reason=noresource" if last else "active;expires=60"
        headers = (("event", "refer"), ("subscription-state", state), ("content-type", "message/sipfrag;version=2.0"))
        await self._request("NOTIFY", *headers, body=f"SIP/2.0 {status} {reason}\r\n")

    async def _request(self, method: str, *more: tuple[str, str], body: str = "") -> Message | None:
        self._number += 1
        request = self._phones.request(method, self._target, self._number, self._ours, self._theirs, self.call_id)
        request.headers.extend(more)
        request.body = body
        answer = await self._phones.ask(request, self._peer)
        if answer is None:
            self.unconfirmed += 1
        elif method == "INVITE" and answer.status:
            ack = self._phones.request("ACK", self._target, self._number, self._ours, self._theirs, self.call_id)
            self._phones.send(ack, self._peer)
        return answer

    @property
    def _ours(self) -> str:
        return f"{self._invite.get('to')};tag={self.tag}"

    @property
    def _theirs(self) -> str:
        return self._invite.get("from")

    # --- what the other side asks

    def take(self, request: Message) -> None:
        """Takes a request within the call."""
        match request.method:
            case "ACK":
                self.up.set()
            case "CANCEL":
                self._phones.answer(request, 200, "OK", self.tag, self._peer)
                self.cancelled.set()
            case "BYE":
                self._phones.answer(request, 200, "OK", self.tag, self._peer)
                self._end()
            case "REFER":
                self.refers.put_nowait(request)
            case "INVITE":
                self.sound.send_to(sip.media(request.body))
                self._version += 1
                body = sip.sdp(self.sound.port, self._version)
                answer = request.reply(200, "OK", self.tag, *self._described(), body=body)
                self._phones.keep(request, answer)
                self._phones.send(answer, self._peer)
            case _:
                self._phones.answer(request, 200, "OK", self.tag, self._peer)

    def answer_refer(self, refer: Message, status: int) -> None:
        """Answers a REFER."""
        more = (("contact", f"<{self._phones.contact}>"),)
        self._phones.answer(refer, status, REASONS[status], self.tag, self._peer, *more)

    def give_way(self) -> None:
        """Answers the INVITE that was cancelled with 487."""
        answer = self._invite.reply(487, "Request Terminated", self.tag)
        self._phones.keep(self._invite, answer)
        self._phones.insist(self, answer, self.up)
        self._end()

    def _end(self) -> None:
        self.sound.end()
        self.over.set()


class Caller(Dialog):
    """One call that a telephone makes."""

    def __init__(self, phones: "Phones", called: str, caller: str, sound: Sound, peer: tuple[str, int]) -> None:
        target = f"sip:{called}@{peer[0]}:{peer[1]}"
        number = next(_tags)
        ours = f"<sip:{caller}@127.0.0.1:{phones.port}>;tag=caller{number}"
        invite = phones.request("INVITE", target, 1, ours, f"<{target}>", f"soak-{phones.port}-{number}")
        invite.headers.append(("content-type", "application/sdp"))
        invite.body = sip.sdp(sound.port, 1)
        super().__init__(phones, invite, sound, peer)
        self.status = 0
        """The final answer."""
        self._to = invite.get("to")
        self._answered = asyncio.Event()

    async def dial(self) -> None:
        """Calls, and waits for the final answer; a call that is taken is confirmed, and sound goes out."""
        for pause in AGAIN_SECONDS:
            self._phones.send(self._invite, self._peer)
            try:
                await asyncio.wait_for(self._answered.wait(), pause)
            except TimeoutError:
                continue
            break
        while not self.status:
            self._answered.clear()
            await self._answered.wait()

    def cancel(self) -> None:
        """Gives up while it rings."""
        request = Message(f"CANCEL {self._invite.uri} SIP/2.0")
        kept = ("via", "max-forwards", "from", "to", "call-id")
        request.headers = [(name, value) for name, value in self._invite.headers if name in kept]
        request.headers.append(("cseq", "1 CANCEL"))
        self._phones.send(request, self._peer)

    def response(self, answer: Message) -> None:
        """Takes an answer to the INVITE; each final one is acknowledged."""
        self._answered.set()
        if answer.status < 200:
            return
        self.status = answer.status
        self._to = answer.get("to")
        if answer.status < 300:
            self._target = sip.address(answer.get("contact"))
            self.sound.send_to(sip.media(answer.body))
        ack = self._phones.request("ACK", self._invite.uri, 1, self._ours, self._to, self.call_id)
        if answer.status >= 300:
            ack.headers[0] = ("via", self._invite.get("via"))
            self._end()
        else:
            ack.start = f"ACK {self._target} SIP/2.0"
            self.up.set()
            self.sound.on = not self.over.is_set()
        self._phones.send(ack, self._peer)

    @property
    def _ours(self) -> str:
        return self._invite.get("from")

    @property
    def _theirs(self) -> str:
        return self._to


class Phones(asyncio.DatagramProtocol):
    """All telephones. ``invited`` is told of each call that comes; whom it makes no dialog for is not answered at all."""

    def __init__(self, invited: Callable[[Message, tuple[str, int]], Dialog | None]) -> None:
        self.contact = ""
        self._invited = invited
        self._dialogs: dict[str, Dialog] = {}
        self._kept: dict[tuple[str, str], Message] = {}
        self._callers: dict[str, Caller] = {}
        self._asked: dict[str, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._branches = itertools.count(1)
        self._transport: asyncio.DatagramTransport | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port of all."""
        return self._port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._port = transport.get_extra_info("sockname")[1]
        self.contact = f"sip:soak@127.0.0.1:{self._port}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = sip.decode(data)
        if message is None:
            return
        if message.status:
            caller = self._callers.get(message.branch)
            if caller is not None and message.method == "INVITE":
                caller.response(message)
                return
            waiting = self._asked.get(message.branch)
            if waiting is not None and message.status >= 200 and not waiting.done():
                waiting.set_result(message)
            return
        self._take(message, addr)

    def _take(self, request: Message, addr: tuple[str, int]) -> None:
        if (kept := self._kept.get((request.branch, request.method))) is not None and request.method != "ACK":
            self.send(kept, addr)
            return
        dialog = self._dialogs.get(request.get("call-id"))
        if dialog is not None and not (request.method == "INVITE" and "tag=" not in request.get("to")):
            dialog.take(request)
        elif request.method == "INVITE" and dialog is None:
            made = self._invited(request, addr)
            if made is not None:
                self._dialogs[request.get("call-id")] = made
        elif request.method == "OPTIONS":
            self.answer(request, 200, "OK", "soak", addr)
        elif request.method not in ("ACK", "INVITE"):
            self.answer(request, 481, "Call/Transaction Does Not Exist", "soak", addr)

    def call(self, called: str, caller: str, sound: Sound, peer: tuple[str, int]) -> Caller:
        """A call that is not made yet."""
        made = Caller(self, called, caller, sound, peer)
        self._dialogs[made.call_id] = made
        self._callers[made.branch] = made
        return made

    def forget(self, dialog: Dialog) -> None:
        """Nothing is known of a call any more."""
        self._callers.pop(dialog.branch, None)
        self._dialogs.pop(dialog.call_id, None)
        for key in [key for key, kept in self._kept.items() if kept.get("call-id") == dialog.call_id]:
            del self._kept[key]

    # --- for the dialogs

    def send(self, message: Message, addr: tuple[str, int]) -> None:
        """Sends once."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(message.encode(), addr)

    def keep(self, request: Message, answer: Message) -> None:
        """Remembers an answer, for when the request comes again."""
        self._kept[request.branch, request.method] = answer

    def answer(
        self, request: Message, status: int, reason: str, tag: str, addr: tuple[str, int], *more: tuple[str, str]
    ) -> None:
        """Answers a request, each time that it comes."""
        answer = request.reply(status, reason, tag, *more)
        self.keep(request, answer)
        self.send(answer, addr)

    def insist(self, dialog: Dialog, answer: Message, until: asyncio.Event) -> None:
        """Sends a final answer to an INVITE until it is acknowledged."""
        task = asyncio.create_task(self._insist(answer, dialog._peer, until))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _insist(self, answer: Message, addr: tuple[str, int], until: asyncio.Event) -> None:
        for pause in AGAIN_SECONDS:
            self.send(answer, addr)
            try:
                await asyncio.wait_for(until.wait(), pause)
            except TimeoutError:
                continue
            return

    def request(self, method: str, target: str, number: int, ours: str, theirs: str, call_id: str) -> Message:
        """A request of ours within a call."""
        via = f"SIP/2.0/UDP 127.0.0.1:{self._port};branch=z9hG4bKsoak{next(self._branches)};rport"
        headers = [
            ("via", via), ("max-forwards", "70"), ("from", ours), ("to", theirs), ("call-id", call_id),
            ("cseq", f"{number} {method}"), ("contact", f"<{self.contact}>"),
        ]  # fmt: skip
        return Message(f"{method} {target} SIP/2.0", headers)

    async def ask(self, request: Message, addr: tuple[str, int]) -> Message | None:
        """Sends a request until it is answered; None where it never is."""
        answered: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[request.branch] = answered
        try:
            for pause in AGAIN_SECONDS:
                self.send(request, addr)
                done, _ = await asyncio.wait([answered], timeout=pause)
                if done:
                    return answered.result()
        finally:
            del self._asked[request.branch]
        return None

    async def aclose(self) -> None:
        """Leaves."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()
