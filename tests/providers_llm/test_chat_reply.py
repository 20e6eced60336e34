"""A reply without words: a failure, but for one that follows the results of tools."""

import pytest

from trunkline.base.errors import Upstream
from trunkline.ports.models import Spent
from trunkline.providers.llm.chat_reply import ChatReply

pytestmark = pytest.mark.unit
EMPTY = b'{"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "@"}]}'


def test_after_its_tools_a_model_may_say_nothing() -> None:
    reply = ChatReply(may_be_silent=True)
    assert reply.take(EMPTY.replace(b"@", b"stop")) == []
    assert reply.finish() == [Spent()]


@pytest.mark.parametrize(("silent", "finish"), [(False, "stop"), (True, "content_filter"), (True, "length")])
def test_otherwise_nothing_is_a_failure(silent: bool, finish: str) -> None:
    reply = ChatReply(may_be_silent=silent)
    reply.take(EMPTY.replace(b"@", finish.encode()))
    with pytest.raises(Upstream):
        reply.finish()
