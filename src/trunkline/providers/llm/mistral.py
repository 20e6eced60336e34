"""Mistral's models by chat completions, with the vendor's own names and its order of roles."""

from typing import ClassVar

from trunkline.providers.llm.chat_vendor import ChatVendorLlm
from trunkline.providers.llm.dialect import Dialect, Thinking

MISTRAL = Dialect(
    longest_reply="max_tokens",
    asks_for_usage=False,
    warmest=1.5,
    ordered=True,
    families=(
        (r"mistral-small-(latest|26)", Thinking(("none", "high"), least_by_default=False)),
        (r"mistral-medium-(latest|3[-.]5|26)", Thinking(("none", "high"), least_by_default=False)),
        (r"mistral-large-4", Thinking(("none", "low", "medium", "high"), least_by_default=False)),
        (r"(mini|code)stral|mistral-large|open-", Thinking()),
    ),
    dispensable={"temperature": (), "reasoning_effort": ()},
)


class MistralLlm(ChatVendorLlm):
    """Provider ``mistral``."""

    provider: ClassVar[str] = "mistral"
    dialect: ClassVar[Dialect] = MISTRAL
