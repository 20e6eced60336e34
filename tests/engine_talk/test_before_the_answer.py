"""From the dial to the first word."""

import pytest

from tests.engine_talk.world import SIP, WALL, World, plan, wall
from trunkline.base.errors import Upstream
from trunkline.domain.call import CallStatus, EndReason
from trunkline.domain.commands import EndCall, Say
from trunkline.domain.events import CallEnded, StatusChanged
from trunkline.engine.conversation import Conversation
from trunkline.engine.effects import HangUp, Listen, Note, Prepare, Record, SetTimer, Speak, SpeakEnd
from trunkline.engine.events import HearingFailed, LineAnswered, LineClosed, LineRinging, Ordered, ShuttingDown

pytestmark = pytest.mark.unit


def test_the_first_message_is_prepared_while_it_rings_and_spoken_at_the_answer() -> None:
    talk = Conversation(plan(first_message="Hello."), 10.0, WALL)
    assert talk.start() == [Prepare("Hello.")]
    assert talk.handle(LineRinging(SIP), 11.0) == [Note(StatusChanged(wall(1.0), CallStatus.RINGING, SIP))]
    assert talk.handle(LineRinging(SIP), 12.0) == []
    assert talk.handle(LineAnswered(SIP), 15.0) == [
        Note(StatusChanged(wall(5.0), CallStatus.IN_PROGRESS, SIP)),
        Listen(True),
        Record(),
        SetTimer("limit", 615.0),
        SetTimer("goodbye", 605.0),
        Speak(1, "Hello."),
        SpeakEnd(1),
    ]


def test_without_a_first_message_it_waits_for_the_party() -> None:
    world = World(plan()).answer().run(3)
    assert world.effects(Prepare, Speak) == []
    assert world.says("hello").run(4).transcript == [("user", "hello"), ("assistant", "You said hello")]


@pytest.mark.parametrize("reason", [EndReason.BUSY, EndReason.NO_ANSWER, EndReason.TRUNK_UNREACHABLE])
def test_a_call_that_is_not_answered_ends_with_the_reason_of_the_line(reason: EndReason) -> None:
    world = World(plan(first_message="Hello.")).tell(LineRinging(SIP)).tell(LineClosed(reason, "why", SIP)).run(1)
    assert world.end is not None
    assert (world.end.reason, world.end.error, world.end.sip) == (reason, "why", SIP)
    assert world.talk.ended
    assert world.talk.handle(LineAnswered(SIP), 200.0) == []


def test_end_call_before_the_answer_cancels_whatever_the_line_says_then() -> None:
    world = World(plan(first_message="Hello.")).tell(LineRinging(SIP)).tell(Ordered("c1", EndCall("Bye.")), 1).run(1)
    world.tell(LineAnswered(SIP)).run(0)
    assert world.effects(HangUp, Speak) == [HangUp()]
    world.tell(LineClosed(EndReason.DECLINED, "declined", SIP)).run(1)
    assert world.outcomes == {"c1": ("done", None)}
    assert world.end is not None
    assert (world.end.reason, world.end.error) == (EndReason.CANCELLED, None)
    assert sum(isinstance(fact, CallEnded) for fact in world.facts) == 1


def test_other_commands_before_the_answer_fail() -> None:
    world = World(plan()).tell(Ordered("c1", Say("Hello."))).run(1)
    assert world.outcomes == {"c1": ("failed", "the call is not answered yet")}


def test_a_recogniser_that_cannot_be_had_ends_the_call_before_it_is_answered() -> None:
    world = World(plan(first_message="Hello.")).tell(LineRinging(SIP))
    world.tell(HearingFailed(Upstream("no connection", provider="acme", retryable=False))).run(1)
    assert world.end is not None
    assert world.end.reason is EndReason.PROVIDER_ERROR
    assert world.end.error == "the speech recogniser (acme) failed: no connection"


def test_a_worker_that_leaves_hangs_up() -> None:
    world = World(plan(first_message="Hello there, how are you?")).answer().run(0.5).tell(ShuttingDown()).run(1)
    assert world.end is not None
    assert world.end.reason is EndReason.WORKER_LOST
    assert world.transcript == [("assistant", "Hello")]
