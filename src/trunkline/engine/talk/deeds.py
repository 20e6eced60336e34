"""What is done besides talking: the tools of the model and the commands from outside, and who is told how it went."""

from collections.abc import Callable
from typing import Any

from trunkline.domain.call import EndReason
from trunkline.domain.commands import (
    Command,
    EndCall,
    EndUnpaid,
    InjectContext,
    Mute,
    Say,
    SendDtmf,
    Transfer,
    TransferMode,
    Unmute,
)
from trunkline.engine.effects import Listen
from trunkline.engine.events import DigitsSent, Ordered, ToolsFinished, ToolsOffered
from trunkline.engine.prompt import NO_TOOLS_NOTICE, ToolKind, destinations
from trunkline.engine.talk.closing import Closing
from trunkline.engine.talk.desk import Desk, Stage
from trunkline.engine.talk.keys import KeysSent, Origin
from trunkline.engine.talk.mind import Reply
from trunkline.engine.talk.mouth import Utterance
from trunkline.engine.talk.orders import Orders
from trunkline.engine.talk.surface import AnyFloor
from trunkline.engine.talk.tools import Tools
from trunkline.engine.talk.transfer import Order
from trunkline.engine.talk.transfer import Transfer as HandingOver
from trunkline.engine.wording import credit_words
from trunkline.ports.models import ToolCall

_NOT_NOW = {
    Stage.CALLING: "the call is not answered yet",
    Stage.CONSENT: "the caller has not agreed to the recording yet",
    Stage.SCREENING: "a machine answered the call",
    Stage.ANNOUNCING: "the call is being transferred",
    Stage.TRANSFERRING: "the call is being transferred",
    Stage.BRIDGED: "the call was handed over",
    Stage.CLOSING: "the call is ending",
    Stage.HUNG_UP: "the call is ending",
}
_CUT_SHORT = "cut short: the party heard only a part"
_CALL_ENDED = "the call ended"


class Deeds:
    """Carries out tools and commands."""

    def __init__(self, desk: Desk, floor: AnyFloor, closing: Closing) -> None:
        self.tools = Tools(desk, floor.mouth, floor.history)
        self._desk = desk
        self._floor = floor
        self._closing = closing
        self._orders = Orders(desk)
        self._last_words: str | None = None
        self._keys = KeysSent(desk)
        self.transfer = HandingOver(desk, floor, closing, self._answer)
        self._carry_out: dict[type, Callable[[str, Any], str | None]] = {
            InjectContext: self._inject,
            Say: self._say,
            Transfer: self._transfer_ordered,
            SendDtmf: self._send_ordered,
            Mute: self._mute,
            Unmute: self._unmute,
        }

    # --- commands

    def ordered(self, event: Ordered) -> None:
        """A command came in."""
        if isinstance(event.command, EndUnpaid):
            self._end_unpaid()
            return
        if not self._orders.take(event.command_id, event.command):
            return
        if isinstance(event.command, EndCall):
            self._end_call(event.command)
        elif self._desk.stage is not Stage.TALKING and not self._is_about_listening(event.command):
            self._orders.failed(event.command_id, _NOT_NOW.get(self._desk.stage, _CALL_ENDED))
        else:
            why = self._carry_out[type(event.command)](event.command_id, event.command)
            if why is not None:
                self._orders.failed(event.command_id, why)

    def _is_about_listening(self, command: Command) -> bool:
        """A call that ends is not listened to anew: perhaps it never was, for want of consent."""
        return self._desk.stage is Stage.ANNOUNCING and isinstance(command, Mute | Unmute)

    def _end_call(self, command: EndCall) -> None:
        if self._desk.stage is Stage.CALLING:
            self._closing.hang_up(EndReason.CANCELLED)
        elif self._desk.stage in (Stage.TRANSFERRING, Stage.BRIDGED) and not (
            command.message and self.transfer.abandon()
        ):
            self._closing.hang_up(EndReason.API_ENDED)
        else:
            if self._desk.stage is Stage.ANNOUNCING:
                self._floor.mouth.drop()
            self._closing.begin(EndReason.API_ENDED, command.message)

    def _end_unpaid(self) -> None:
        if self._desk.stage is Stage.CALLING:  # whoever has not answered yet costs nothing
            return
        if self._desk.stage in (Stage.TRANSFERRING, Stage.BRIDGED) and not self.transfer.abandon():
            self._closing.hang_up(EndReason.INSUFFICIENT_CREDITS)
            return
        if self._desk.stage is Stage.ANNOUNCING:
            self._floor.mouth.drop()
        self._closing.begin(EndReason.INSUFFICIENT_CREDITS, credit_words(self._desk.plan))

    def _inject(self, command_id: str, command: InjectContext) -> None:
        if command.trigger_response:
            self.tools.rounds = 0
        self._floor.tell(command.content, answer=command.trigger_response)
        self._orders.done(command_id)

    def _say(self, command_id: str, command: Say) -> str | None:
        if not command.content.strip():
            return "there is nothing to say"
        if command.end_after:
            self._last_words = command_id
            self._closing.begin(EndReason.API_ENDED, command.content, command_id=command_id)
        else:
            self._floor.mouth.say(command.content, interruptible=command.interruptible, command_id=command_id)
        return None

    def _transfer_ordered(self, command_id: str, command: Transfer) -> str | None:
        warm, summary = command.mode is TransferMode.WARM, command.summary_for_agent is not False
        origin = Origin(command_id=command_id)
        return self.transfer.begin(Order(command.destination, command.message, warm, summary, origin))

    def _send_ordered(self, command_id: str, command: SendDtmf) -> str | None:
        return self._keys.send(command.digits, Origin(command_id=command_id))

    def _mute(self, command_id: str, _command: Mute) -> None:
        if not self._floor.muted:
            self._floor.muted = True
            self._floor.deafen()
            self._desk.do(Listen(False))
        self._orders.done(command_id)

    def _unmute(self, command_id: str, _command: Unmute) -> None:
        if self._floor.muted:
            self._floor.muted = False
            self._desk.do(Listen(True))
        self._orders.done(command_id)

    def spoken(self, utterance: Utterance, cut: bool) -> None:
        """Words are over: whoever ordered them is told."""
        if not cut:
            self._orders.done(utterance.command_id)
        elif not self._desk.done and utterance.entry.content:
            self._orders.done(utterance.command_id, _CUT_SHORT)
        elif not self._desk.done:
            self._orders.failed(utterance.command_id, "the party spoke before a word of it was heard")

    # --- tools

    def run(self, reply: Reply) -> None:
        """Runs the tools of a reply."""
        if not reply.calls:
            return
        entry = reply.utterance.entry if reply.utterance is not None else self._floor.history.add("assistant", "")
        ours = self.tools.run(reply.calls, entry)
        self._floor.mind.waiting = True
        for kind, call in sorted(ours, key=lambda one: one[0] is ToolKind.END_CALL):
            self._do(kind, call)

    def _do(self, kind: ToolKind, call: ToolCall) -> None:
        origin = Origin(tool_call_id=call.id)
        if kind is ToolKind.SEND_DTMF:
            why = self._keys.send(str(call.arguments.get("digits", "")), origin)
        elif kind is ToolKind.TRANSFER_CALL:
            why = self._hand_over(call, origin)
        elif self._desk.stage is Stage.TALKING:
            why = "the call is ending"
            self._closing.begin(EndReason.ASSISTANT_ENDED, self._desk.plan.assistant.speech_config.end_call_message)
        else:
            why = "the call is being handed over instead"
        if why is not None:
            self.tools.answer(call.id, why, failed=True)

    def _hand_over(self, call: ToolCall, origin: Origin) -> str | None:
        targets = destinations(self._desk.plan.assistant.llm_config)
        wanted = call.arguments.get("destination", targets[0].number if len(targets) == 1 else None)
        for target in targets:
            if target.number == wanted:
                warm = TransferMode(target.mode) is TransferMode.WARM
                return self.transfer.begin(Order(target.number, target.message, warm, origin=origin))
        return f"{wanted!r} is none of the destinations: {', '.join(target.number for target in targets)}"

    def tools_offered(self, event: ToolsOffered) -> None:
        """The MCP servers said what they can do; where none did, the model knows that it has to manage."""
        self.tools.offered(event.tools)
        if event.problems and not event.tools:
            self._floor.history.add("system", NO_TOOLS_NOTICE)

    def tools_finished(self, event: ToolsFinished) -> None:
        """The tools that servers run are done."""
        self.tools.finished(event.batch, event.results)

    def tool_is_slow(self) -> None:
        """A tool runs for longer than a second."""
        self.tools.slow()

    def digits_sent(self, event: DigitsSent) -> None:
        """Keys were pressed, or could not be."""
        origin = self._keys.sent(event.error)
        if origin is not None:
            self._answer(origin, event.error, f"pressed {event.digits}")

    def _answer(self, origin: Origin, error: str | None, success: str) -> None:
        if origin.tool_call_id is not None:
            self.tools.answer(origin.tool_call_id, error or success, failed=error is not None)
        elif error is not None:
            self._orders.failed(origin.command_id, error)
        else:
            self._orders.done(origin.command_id)

    # --- what comes next

    def proceed(self) -> None:
        """Goes on after tools, announcements and last words."""
        turn = self.tools.complete()
        if turn is not None:
            self._floor.mind.answered(turn)
            if self._desk.stage is Stage.TALKING and not self.tools.exhausted():
                self._floor.mind.owed = True
        quiet = not self._floor.mouth.busy and not self._floor.engaged
        self.tools.fill_the_wait(quiet=quiet and self._desk.stage is Stage.TALKING)

    def leave_if_all_is_said(self) -> None:
        """Hands over or hangs up once every word was played."""
        self.transfer.proceed()
        self._closing.proceed(at_work=self.tools.asking or self._keys.busy)
        if self._desk.done:
            self._orders.ended()

    def leave(self) -> None:
        """The call is over."""
        self.transfer.leave()
        self._orders.ended()
        self._orders.done(self._last_words, _CUT_SHORT)
        self._orders.all_failed(_CALL_ENDED)
