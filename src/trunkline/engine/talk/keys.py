"""Keys: those the party presses, gathered into what the model is told, and those we press, one order after the other."""

from collections import deque
from dataclasses import dataclass

from trunkline.domain.events import DigitPressed
from trunkline.engine.effects import SendDigits
from trunkline.engine.talk.desk import Desk, Timer

GATHER_SECONDS = 1.5
LAST_KEY = "#"
PAUSE = "w"
KEYS = frozenset("0123456789*#ABCDabcdwW")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wants something done and is to be told what came of it: a control command, or a tool call of the model."""

    command_id: str | None = None
    tool_call_id: str | None = None


class KeysHeard:
    """Gathers what is pressed within a short time, or up to #."""

    def __init__(self, desk: Desk) -> None:
        self.since = 0.0
        self._desk = desk
        self._digits = ""

    @property
    def gathering(self) -> bool:
        """Whether more keys may follow."""
        return bool(self._digits)

    def press(self, digit: str) -> bool:
        """One more key; says whether it was the last."""
        self._desk.note(DigitPressed(self._desk.at(self._desk.now), digit, "received"))
        if not self._digits:
            self.since = self._desk.now
        self._digits += digit
        self._desk.timer(Timer.KEYS, self._desk.now + GATHER_SECONDS)
        return digit == LAST_KEY

    def take(self) -> str:
        """What the model is told."""
        digits, self._digits = self._digits, ""
        self._desk.forget(Timer.KEYS)
        return f"The customer pressed {' '.join(digits)}."


class KeysSent:
    """Presses keys, one order at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._orders: deque[tuple[str, Origin]] = deque()

    @property
    def busy(self) -> bool:
        """Whether keys are being pressed."""
        return bool(self._orders)

    def send(self, digits: str, origin: Origin) -> str | None:
        """Takes an order; gives the reason when it makes no sense."""
        if not digits or not KEYS.issuperset(digits):
            return f"{digits!r} are no keys: only 0-9 * # A-D and w (a pause) can be sent"
        self._orders.append((digits, origin))
        if len(self._orders) == 1:
            self._desk.do(SendDigits(digits))
        return None

    def sent(self, error: str | None) -> Origin | None:
        """The order that was being sent is done; the next one starts."""
        if not self._orders:
            return None
        digits, origin = self._orders.popleft()
        if error is None:
            for digit in digits:
                if digit.lower() != PAUSE:
                    self._desk.note(DigitPressed(self._desk.at(self._desk.now), digit, "sent"))
        if self._orders:
            self._desk.do(SendDigits(self._orders[0][0]))
        return origin
