"""Who is calling: what the first message said of it, or what the variables tell."""

import re

from trunkline.providers.local.dialogue.draft import Draft
from trunkline.providers.local.dialogue.sentences import wording
from trunkline.providers.local.dialogue.text import sentences

_COMPANY_NAMES = ("business_name", "company_name", "company", "business", "organisation", "organization")
_OWN_NAMES = ("agent_name", "assistant_name", "caller_name")
_HELLO = re.compile(r"^(?:hello|hi|hey|good (?:morning|afternoon|evening))(?: there)?[,.!]? +", re.I)
_INTRODUCTION = re.compile(r"\b(?:this is|my name is|i'm|i am|calling (?:from|on behalf of))\b", re.I)


def _company(draft: Draft) -> str:
    return next((str(draft.values[name]) for name in _COMPANY_NAMES if draft.values.get(name)), "")


def introduction(draft: Draft) -> str:
    """Who calls: the sentence of the first message that said it, or one of the engine's own."""
    values, company = draft.values, _company(draft)
    own = next((str(values[name]) for name in _OWN_NAMES if values.get(name)), "")
    said = next((part for part in sentences(draft.state.opening) if _INTRODUCTION.search(part)), "")
    if said and said.endswith((".", "!")):
        return _HELLO.sub("", said)
    part = f" called {own}" if own else ""
    return wording("who", draft.state.turns, f"{part}, calling for {company}" if company else part)


def introduce(draft: Draft) -> None:
    """Says for whom it calls where the first message was cut off before it said so."""
    opening, company = draft.state.opening.rstrip(), _company(draft)
    if opening and not opening.endswith((".", "!", "?")) and company and company not in opening + draft.text():
        draft.say("introduction", company)
