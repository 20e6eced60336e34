"""Who the simulated callee is: a goal, a voice, and what it says to what it hears."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reaction:
    """When ``hears`` (a regular expression, case ignored) is found in what was heard, say ``says``.

    One that was used ``times`` times is passed over; ``closes`` hangs up after it was said.
    """

    hears: str
    says: str
    times: int = 1
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Persona:
    """A person on the phone. ``greeting`` is said on picking up; ``lost`` when nothing fits."""

    name: str
    goal: str
    voice: str
    greeting: str
    reactions: tuple[Reaction, ...]
    lost: str = "Sorry, could you say that again?"
    patience_seconds: float = 0.9


@dataclass(slots=True)
class Mind:
    """Decides what the persona says next; remembers what it said already."""

    persona: Persona
    _used: dict[int, int] = field(default_factory=dict)
    _lost: int = 0

    def answer(self, heard: str) -> tuple[str | None, bool]:
        """What to say to ``heard``, and whether to hang up after it. Nothing after two answers that made no sense."""
        for number, reaction in enumerate(self.persona.reactions):
            if self._used.get(number, 0) < reaction.times and re.search(reaction.hears, heard, re.IGNORECASE):
                self._used[number] = self._used.get(number, 0) + 1
                return reaction.says, reaction.closes
        self._lost += 1
        return (self.persona.lost if self._lost <= 2 else None), False


PERSONAS: Mapping[str, Persona] = {
    "patient": Persona(
        name="Maria Jansen",
        goal="Find out who calls, then confirm the appointment.",
        voice="en-GB",
        greeting="Hello, this is Maria speaking.",
        reactions=(
            Reaction(r"goodbye|good bye|bye\b", "Thank you. Goodbye.", closes=False),
            Reaction(r"robot|automated|virtual|assistant", "I see. Yes, please go on.", times=1),
            Reaction(r"appointment|dentist|calling|tuesday", "Wait, are you a robot?"),
            Reaction(r"can you|will you|make it|appointment|confirm|suit|tuesday", "Yes, I will be there.", times=3),
            Reaction(r"anything|question|else|help", "No, that is all. Thank you."),
            Reaction(r"thank|noted|confirmed|see you", "Thank you very much."),
        ),
    ),
}
