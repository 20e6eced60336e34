"""OpenAI's models by chat completions. From GPT-5.2 on they do not think where they have tools."""

from typing import ClassVar

from trunkline.providers.llm.chat_vendor import ChatVendorLlm
from trunkline.providers.llm.dialect import Dialect, Thinking

OPENAI = Dialect(
    also={"store": False},
    families=(
        (r"gpt-5(\.\d+)?-chat", Thinking()),
        (
            r"gpt-5\.[2-9]|gpt-[6-9]",
            Thinking(("none", "low", "medium", "high"), ("none",), temperature_when_thinking=False),
        ),
        (r"gpt-5\.1", Thinking(("none", "low", "medium", "high"), temperature_when_thinking=False)),
        (r"gpt-5", Thinking(("minimal", "low", "medium", "high"), temperature=False)),
        (r"o\d", Thinking(("low", "medium", "high"), temperature=False)),
        (r"gpt-[34]|chatgpt", Thinking()),
    ),
    dispensable={"temperature": (), "store": (), "reasoning_effort": ()},
)


class OpenAiLlm(ChatVendorLlm):
    """Provider ``openai``."""

    provider: ClassVar[str] = "openai"
    dialect: ClassVar[Dialect] = OPENAI
