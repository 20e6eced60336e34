"""xAI's models by chat completions. Only some take an effort."""

from typing import ClassVar

from trunkline.providers.llm.chat_vendor import ChatVendorLlm
from trunkline.providers.llm.dialect import Dialect, Thinking

XAI = Dialect(
    families=(
        (r"grok-.*non-reasoning|grok-4(-|$)|grok-3(-fast)?$|grok-code", Thinking()),
        (r"grok-3-mini", Thinking(("low", "high"))),
        (r"grok-4\.3|grok-latest", Thinking(("none", "low", "medium", "high"))),
    ),
    dispensable={"temperature": (), "reasoning_effort": ("reasoningEffort",)},
)


class XaiLlm(ChatVendorLlm):
    """Provider ``xai``."""

    provider: ClassVar[str] = "xai"
    dialect: ClassVar[Dialect] = XAI
