"""Whole dialogues, in virtual time."""

import pytest

from tests.engine_talk.world import World, plan

pytestmark = pytest.mark.unit


def test_a_dialogue_runs_from_the_first_message_to_the_answers() -> None:
    world = World(plan(first_message="Hello, this is Anna. May I ask you something?")).answer()
    world.run(5).says("yes of course").run(6).says("what is it about").run(6)
    assert world.transcript == [
        ("assistant", "Hello, this is Anna. May I ask you something?"),
        ("user", "yes of course"),
        ("assistant", "You said yes of course"),
        ("user", "what is it about"),
        ("assistant", "You said what is it about"),
    ]
    assert len(world.measured) == 2
