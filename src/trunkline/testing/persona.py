"""Who the simulated callee is: a goal, a voice, and what it says to what it hears."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reaction:
    """When ``hears`` (a regular expression, case ignored) is found in what was heard, say ``says``.

    One that was used ``times`` times is passed over; ``closes`` hangs up after it was said. ``then`` is said some seconds
    later, whatever is heard until then.
    """

    hears: str
    says: str
    times: int = 1
    closes: bool = False
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Interruption:
    """What is said into the other side's words: once, when they have talked for ``after_seconds`` since the persona had
    spoken ``after_turns`` times."""

    says: str
    after_turns: int
    after_seconds: float


@dataclass(frozen=True, slots=True)
class Persona:
    """A person on the phone. ``greeting`` is said on picking up, ``lost`` when nothing fits (what has fewer
    than ``lost_words`` words is taken for noise); ``pitch`` 1 is the voice's
    own. What they say is worded so that a small recogniser understands that voice on a phone line."""

    name: str
    goal: str
    voice: str
    reactions: tuple[Reaction, ...]
    greeting: str | None = None
    pitch: float = 1.0
    speed: float = 1.0
    lost: str | None = "Could you say that again?"
    lost_words: int = 1
    patience_seconds: float = 1.2
    interruption: Interruption | None = None


@dataclass(slots=True)
class Mind:
    """Decides what the persona says next; remembers what it said already."""

    persona: Persona
    _used: dict[int, int] = field(default_factory=dict)
    _lost: int = 0

    def answer(self, heard: str) -> Reaction | None:
        """What to do about ``heard``; nothing after two answers that made no sense."""
        for number, reaction in enumerate(self.persona.reactions):
            if self._used.get(number, 0) < reaction.times and re.search(reaction.hears, heard, re.IGNORECASE):
                self._used[number] = self._used.get(number, 0) + 1
                return reaction
        if len(heard.split()) < self.persona.lost_words:
            return None
        self._lost += 1
        lost = self.persona.lost
        return Reaction(heard, lost) if lost is not None and self._lost <= 2 else None


PERSONAS: Mapping[str, Persona] = {
    "patient": Persona(
        name="Maria Jansen",
        goal="Find out who calls and whether there is parking, then confirm the appointment.",
        voice="en-US",
        pitch=1.12,
        speed=0.95,
        reactions=(
            Reaction(r"good.?bye|nice day", "Goodbye."),
            Reaction(r"hello|virtual|dent|assistant of|robot", "Are you a real person?"),
            Reaction(r"appointment|tuesday|make it|three", "Is there any parking?"),
            Reaction(r"make it|will you|can you|tuesday|parking", "I can make it."),
            Reaction(r"anything|pass|practice|question|else", "No thank you."),
        ),
    ),
    "questioner": Persona(
        name="Maria Jansen",
        goal="Ask about the parking into the other side's words, confirm the appointment, then talk to a person.",
        voice="en-US",
        pitch=1.12,
        speed=0.95,
        lost_words=4,
        interruption=Interruption("Is there any parking?", after_turns=1, after_seconds=3.0),
        reactions=(
            Reaction(r"good.?bye|nice day", "Goodbye.", closes=True),
            Reaction(r"maria.*sophie|help you|how can", "I have a question about my bill."),
            Reaction(r"hello|virtual|dent|assistant of", "Good morning."),
            Reaction(r"anything|else|do for", "Can I talk to someone?", times=2),
            Reaction(r"make|then|appointment|tuesday|can you", "I can make it.", times=3),
        ),
    ),
    "receptionist": Persona(
        name="Sophie de Vries",
        goal="Take the call that the assistant hands over, and help.",
        voice="en-GB",
        speed=0.95,
        lost=None,
        greeting="Hello.",
        reactions=(
            Reaction(r"question|bill", "I will send you a new one today. Goodbye."),
            Reaction(
                r"press|take the call|yes|line for you",
                "Yes, put her through.",
                then="Hello Maria, this is Sophie. How can I help you?",
            ),
        ),
    ),
    "mover": Persona(
        name="Peter Dekker",
        goal="Move the appointment to Friday morning.",
        voice="en-GB",
        speed=0.95,
        greeting="Hello.",
        reactions=(
            Reaction(r"good.?bye|nice day", "Goodbye.", closes=True),
            Reaction(r"anything|pass", "No thank you.", times=3),
            Reaction(r"correct|is that right", "That is right."),
            Reaction(r"suit|better|when|day and", "Friday at nine in the morning.", times=3),
            Reaction(r"make it|confirm|appointment|yes or", "That does not work for me.", times=3),
        ),
    ),
    "guest": Persona(
        name="Anna Visser",
        goal="Answer the questions of the survey, and not be called again.",
        voice="en-US",
        pitch=0.92,
        speed=0.95,
        greeting="Hello.",
        reactions=(
            Reaction(r"good.?bye|very much", "Goodbye.", closes=True),
            Reaction(r"again for|another survey", "No thanks.", times=3),
            Reaction(r"service|excellent|poor|fair", "Excellent.", times=3),
            Reaction(r"most", "The people were very friendly.", times=3),
            Reaction(r"zero|ten|likely|recommend|number", "Seven out of ten.", times=3),
            Reaction(r"all right|questions|yes or", "That is all right.", times=3),
        ),
    ),
    "visitor": Persona(
        name="Anna Visser",
        goal="Say when to come, have it repeated, and leave.",
        voice="en-US",
        speed=0.95,
        lost=None,
        reactions=(
            Reaction(r"understood|what else|can i do", "No thank you. Goodbye.", times=2),
            Reaction(r"when|like to come|dental", "Friday at nine in the morning.", times=2),
        ),
    ),
    "receiver": Persona(
        name="Joost Bakker",
        goal="Have the parcel brought on Friday, at no cost.",
        voice="en-GB",
        speed=0.95,
        reactions=(
            Reaction(r"good.?bye|driver", "Goodbye.", closes=True),
            Reaction(r"which|we come|day and|tuesday at", "Friday at nine in the morning.", times=3),
            Reaction(r"leave|pick.?up|another day|choose", "On another day.", times=3),
            Reaction(r"home|receive|deliver", "Do I have to pay anything?"),
            Reaction(r"hello|virtual|assistant|dental|smile", "Good morning."),
            Reaction(r"answer|don.t know|noted", "Do I have to pay anything?"),
            Reaction(r"home|receive|paid|door|yes or", "No I will not be home.", times=3),
        ),
    ),
    "annoyed": Persona(
        name="Karel Smit",
        goal="Never be called again.",
        voice="en-US",
        speed=0.95,
        greeting="Hello.",
        reactions=(
            Reaction(r"sure|shall", "Yes, please."),
            Reaction(r"good.?bye|record|apolog", "Goodbye.", closes=True),
            Reaction(r".", "Please stop calling me.", times=2),
        ),
    ),
    "sociable": Persona(
        name="Emma Brouwer",
        goal="Talk to a person about the bill.",
        voice="en-US",
        speed=0.95,
        greeting="Hello.",
        reactions=(
            Reaction(r"good.?bye", "Goodbye.", closes=True),
            Reaction(r"message|pass on|tell them", "I have a question about my bill.", times=2),
            Reaction(r".", "Can I talk to someone?", times=2),
        ),
    ),
    "suspicious": Persona(
        name="Lars Mulder",
        goal="Find out who calls and whether it is a person, then confirm.",
        voice="en-US",
        speed=0.95,
        reactions=(
            Reaction(r"good.?bye|nice day", "Goodbye.", closes=True),
            Reaction(r"anything|pass", "No thank you.", times=3),
            Reaction(r"automated|program|not a person", "And where are you calling from?"),
            Reaction(r"make it|yes or", "I can make it.", times=3),
            Reaction(r"hello|virtual|assistant|dental|smile", "Are you a computer?"),
        ),
    ),
}
