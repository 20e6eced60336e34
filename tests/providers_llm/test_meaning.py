"""The brain with the packaged embedding model: what no rule knows is understood by nearness, and asked about first."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.providers_llm.talking import END_CALL, Talk, start
from trunkline.domain.assistant import FunctionSpec
from trunkline.providers.local.dialogue.meaning import Meaning
from trunkline.providers.local.embedder import Embedder, unusable
from trunkline.providers.local.scripts import example_script

pytestmark = pytest.mark.room


@pytest.fixture(scope="module")
def model() -> Embedder:
    assert unusable() is None
    return Embedder()


@pytest.fixture
async def talk(model: Embedder) -> Talk:
    return await start(example_script("appointment"), embedder=model)


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("which price do i have to pay", "insurance covers"),
        ("how much do i have to pay for this", "insurance covers"),
        ("how much time will my appointment take", "thirty minutes"),
        ("which business is this", "Bright Dental"),
        ("do you sell pizza", "answer to that|don't know|can't answer"),
    ],
)
async def test_questions_in_other_words_are_answered(talk: Talk, said: str, part: str) -> None:
    await talk.say("hello")
    reply = await talk.say(said)
    assert any(option in reply for option in part.split("|")), reply


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("i think you got someone else", "wrong number"),
        ("i never want to hear from you", "not to call you again|don't want any more calls"),
        ("let me deal with one of your staff", "speak to a person|somebody from our team"),
    ],
)
async def test_what_would_end_the_call_is_asked_about_first(talk: Talk, said: str, part: str) -> None:
    await talk.say("hello")
    reply = await talk.say(said)
    assert any(option in reply for option in part.split("|")), reply
    assert not talk.ended
    assert "Can you make it then?" in await talk.say("no")


async def test_a_choice_by_meaning_alone_is_confirmed(model: Embedder) -> None:
    talk = await start(example_script("delivery"), embedder=model)
    await talk.say("hello")
    await talk.say("no")
    reply = await talk.say("the folks living next to me")
    assert "neighbour. Is that" in reply
    assert "house number" in await talk.say("yes")


async def test_a_tool_is_found_by_meaning(model: Embedder) -> None:
    tool = FunctionSpec(name="parking", description="Tells whether there is a free space to park a car.")
    talk = await start(example_script("appointment"), embedder=model, tools=(END_CALL, tool))
    await talk.say("hello")
    await talk.say("can i put my car somewhere")
    assert [call.name for call in talk.calls] == ["parking"]


class _Counting:
    """An embedder that counts what it was asked for."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        self.texts += texts
        return np.eye(len(texts), 64, dtype=np.float32)


async def test_no_text_is_embedded_twice() -> None:
    counting = _Counting()
    meaning = Meaning(counting)
    await meaning.nearest("a", {"x": ("b",), "y": ("c",)})
    await meaning.nearest("a", {"x": ("b",), "z": ("d",)})
    assert sorted(counting.texts) == ["a", "b", "c", "d"]


async def test_without_a_model_nothing_is_near() -> None:
    assert await Meaning(None).nearest("a", {"x": ("a",)}) is None
