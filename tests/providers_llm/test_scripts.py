"""The example scripts are whole, and every step of them can be reached."""

import pytest

from trunkline.base.errors import NotFound
from trunkline.providers.local.dialogue.steps import END, following
from trunkline.providers.local.scripts import EXAMPLE_SCRIPTS, example_script

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", EXAMPLE_SCRIPTS)
def test_every_step_can_be_reached_and_the_end_too(name: str) -> None:
    script = example_script(name)
    reached, waiting = set(), [0]
    while waiting:
        at = waiting.pop()
        if at == END or at in reached:
            continue
        reached.add(at)
        step = script.steps[at]
        keys = list(step.next) if isinstance(step.next, dict) else []
        answers: list[object] = [*keys, True, False, *(step.choices or ())]
        waiting += [following(script, at, answer) for answer in answers]
        waiting += [following(script, at, number) for number in range(11)]
    assert reached == set(range(len(script.steps)))


def test_an_unknown_example_is_not_found() -> None:
    with pytest.raises(NotFound, match="appointment, survey, delivery, payment"):
        example_script("pizza")
