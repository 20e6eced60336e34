"""The far end's part in one call: what its script has the telephone do, and what came of it."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

from bench.soak.phone import Caller, Dialog, Phones
from bench.soak.rules import Deeds
from bench.soak.scripts import Act, Script
from bench.soak.sip import Message
from bench.soak.sound import Manner, Studio

UP_SECONDS = 5.0
REFUSED, GIVEN_UP = 300, 487
GONE_SECONDS = 8.0
FAR_RING_SECONDS = 0.4
AGAIN_SECONDS = 3.0
"""A key that was pressed too early is pressed again."""
LONGEST_SECONDS = 70.0

Order = Callable[[Act], Awaitable[None]]


class Part:
    """One call at the far end, and the call to the party that it is handed over to."""

    def __init__(self, script: Script, phones: Phones, studio: Studio, order: Order) -> None:
        self.script = script
        self.deeds = Deeds()
        self.over_at: float | None = None
        self._phones = phones
        self._studio = studio
        self._order = order
        self._chance = random.Random(script.seed)
        self._dialog: Dialog | None = None
        self._target: Dialog | None = None
        self._handed_over_at: float | None = None
        self._bridged_at: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # --- calls that come

    def invited(self, invite: Message, addr: tuple[str, int]) -> Dialog | None:
        """The party is called."""
        self.deeds.invited = True
        if self.script.ring == "is_silent":
            return None
        if self._dialog is not None:
            self.deeds.problems.append("it was dialled twice")
            return None
        sound = self._studio.leg(self.script.manner, self._chance)
        self._dialog = Dialog(self._phones, invite, sound, addr)
        self.start(self._live(self._dialog))
        return self._dialog

    def target_invited(self, invite: Message, addr: tuple[str, int]) -> Dialog | None:
        """The other party, that ours is to be handed over to, is called."""
        if self._target is not None and not self._target.over.is_set():
            self.deeds.problems.append("the other party was dialled twice")
            return None
        self._target = Dialog(self._phones, invite, self._studio.leg(Manner.SOUND, self._chance), addr)
        self.start(self._live_as_target(self._target))
        return self._target

    def start(self, work: Awaitable[None]) -> None:
        """Runs a piece of it beside the rest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Future[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.deeds.problems.append(f"the soak itself failed: {error!r}")

    # --- the party

    async def _live(self, dialog: Dialog) -> None:
        script = self.script
        if script.ring == "refuses":
            if script.ring_seconds:
                dialog.ring()
                await asyncio.sleep(script.ring_seconds)
            dialog.refuse(script.status)
        else:
            dialog.ring()
            await (self._answer(dialog) if script.ring == "answers" else self._until_cancelled(dialog))
        self.over_at = self.over_at or time.monotonic()

    async def _until_cancelled(self, dialog: Dialog) -> None:
        await dialog.cancelled.wait()
        if self.script.ring == "rings_on":
            dialog.give_way()
            return
        dialog.pick_up()
        self.deeds.answered = await _within(dialog.up.wait(), UP_SECONDS)
        await dialog.over.wait()

    async def _answer(self, dialog: Dialog) -> None:
        await _within(dialog.cancelled.wait(), self.script.ring_seconds)
        if dialog.cancelled.is_set():
            dialog.give_way()
            return
        dialog.pick_up()
        self.deeds.answered = await _within(dialog.up.wait(), UP_SECONDS)
        await self._be_in_the_call(dialog)

    async def _be_in_the_call(self, dialog: Dialog) -> None:
        began = time.monotonic()
        self.start(self._switch(dialog))
        self.start(self._act_out(dialog, began))
        await dialog.over.wait()
        self.over_at = time.monotonic()
        self.deeds.up_seconds = self.over_at - began
        self.deeds.hung_up_first = dialog.hung_up_by_us
        self.deeds.bridged = self._bridged_at is not None
        self.deeds.handed_over_seconds = self.over_at - (self._handed_over_at or self._bridged_at or self.over_at)

    async def call(self, number: str, peer: tuple[str, int]) -> None:
        """Calls ``number`` as the party."""
        sound = self._studio.leg(self.script.manner, self._chance)
        dialog = self._phones.call(number, self.script.destination, sound, peer)
        self._dialog = dialog
        self.deeds.invited = True
        if self.script.gives_up_at is not None:
            self.start(self._give_up(dialog, self.script.gives_up_at))
        await dialog.dial()
        if dialog.status == GIVEN_UP and self.script.gives_up_at is not None:
            self.deeds.hung_up_first = True
        elif dialog.status >= REFUSED:
            self.deeds.problems.append(f"it was refused with {dialog.status}")
        else:
            self.deeds.answered = True
            await self._be_in_the_call(dialog)
        self.over_at = self.over_at or time.monotonic()

    async def _give_up(self, dialog: Caller, seconds: float) -> None:
        await asyncio.sleep(max(0.05, seconds))  # a request is not cancelled before it was heard of
        if not dialog.status:
            dialog.cancel()

    async def _act_out(self, dialog: Dialog, began: float) -> None:
        for act in self.script.acts:
            await asyncio.sleep(max(0.0, began + act.at - time.monotonic()))
            if dialog.over.is_set():
                return
            self.start(self.act(act))

    async def act(self, act: Act) -> None:
        """Does one thing."""
        if act.what == "order":
            await self._order(act)
            return
        dialog = self._dialog
        if dialog is None:
            return
        match act.what:
            case "speak":
                dialog.sound.speak(act.value)
            case "keys":
                dialog.sound.press(act.value)
            case "stop_sound":
                dialog.sound.manner = Manner.NOTHING
            case "hang_up":
                await dialog.hang_up()
            case "hold":
                await self._hold(dialog, act.value)

    async def _hold(self, dialog: Dialog, seconds: float) -> None:
        if not await dialog.hold(True) and not dialog.over.is_set():
            self.deeds.problems.append("holding was refused")
        await asyncio.sleep(seconds)
        if not dialog.over.is_set() and not await dialog.hold(False) and not dialog.over.is_set():
            self.deeds.problems.append("going on after holding was refused")

    # --- hand-overs

    async def _switch(self, dialog: Dialog) -> None:
        """The far end's switch: what it does when it is asked to hand the party over."""
        while not dialog.over.is_set():
            refer = await dialog.refers.get()
            match self.script.refer:
                case "refuse":
                    dialog.answer_refer(refer, 603)
                case "hangs":
                    dialog.answer_refer(refer, 202)
                case "fails_later":
                    dialog.answer_refer(refer, 202)
                    await dialog.notify(100, "Trying", last=False)
                    await asyncio.sleep(0.5)
                    await dialog.notify(503, "Service Unavailable", last=True)
                case "accept_and_leave":
                    dialog.answer_refer(refer, 202)
                    self._hand_over()
                    await asyncio.sleep(0.3)
                    await dialog.hang_up()
                case _:
                    dialog.answer_refer(refer, 202)
                    await dialog.notify(100, "Trying", last=False)
                    await asyncio.sleep(0.5)
                    self._hand_over()
                    await dialog.notify(200, "OK", last=True)

    def _hand_over(self) -> None:
        self.deeds.handed_over = True
        self._handed_over_at = time.monotonic()

    async def _live_as_target(self, dialog: Dialog) -> None:
        dialog.ring()
        await _within(dialog.cancelled.wait(), FAR_RING_SECONDS)
        match self.script.target:
            case _ if dialog.cancelled.is_set():
                dialog.give_way()
            case "busy":
                dialog.refuse(486)
            case "declines":
                dialog.refuse(603)
            case "rings_on":
                await dialog.cancelled.wait()
                dialog.give_way()
            case _:
                dialog.pick_up()
                await self._talk_as_target(dialog)

    async def _talk_as_target(self, dialog: Dialog) -> None:
        """In the call that it picked up: a blind one is taken by that, a warm one by pressing 1 after a while."""
        if not await _within(dialog.up.wait(), UP_SECONDS):
            return
        script, began = self.script, time.monotonic()
        if script.target == "answers":
            self._bridged_at = began
        leaves_at = script.leaves_at if script.leaves_at is not None and script.target != "mute" else LONGEST_SECONDS
        for at, keys in ((script.takes_at, "1"), (1.5 if script.target == "declines_by_key" else None, "2")):
            for again in (0.0, AGAIN_SECONDS):
                if at is not None and at + again < leaves_at:
                    await _within(dialog.over.wait(), began + at + again - time.monotonic())
                    dialog.sound.press(keys)
        if script.takes_at is not None and not dialog.over.is_set():
            self._bridged_at = time.monotonic()
        if await _within(dialog.over.wait(), began + leaves_at - time.monotonic()):
            return
        await dialog.hang_up()

    # --- its end

    async def finish(self) -> None:
        """Waits until every leg is gone, looks whether anything still comes, and forgets the call."""
        dialogs = [dialog for dialog in (self._dialog, self._target) if dialog is not None]
        for dialog in dialogs:
            self.deeds.leg_gone &= await _within(dialog.over.wait(), GONE_SECONDS)
        await asyncio.sleep(2.5)
        for dialog in dialogs:
            self.deeds.unconfirmed += dialog.unconfirmed
            self.deeds.late_packets += dialog.sound.late_packets
            self._studio.forget(dialog.sound)
            self._phones.forget(dialog)
        if self._dialog is not None:
            self.deeds.packets = self._dialog.sound.packets
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _within(wait: Awaitable[object], seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wait, seconds)
        return True
    return False
