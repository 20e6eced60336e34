"""What emulated Gemini Live sessions remember of a talk, and which messages they take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.testing.emulators.realtime_items import Refused
from trunkline.testing.emulators.realtime_rules import Rule, check
from trunkline.testing.emulators.talk_pieces import text_tokens

HEARD_TOKENS_PER_SECOND = 32
SPOKEN_TOKENS_PER_SECOND = 25
_NUDGE = "."
_BLOB: Rule = {"mimeType": str, "data": str}
_CONTENT: Rule = {"role": {"user", "model"}, "parts": list}
_MESSAGES: Rule = {
    "setup": {
        "model": str,
        "generationConfig": {
            "responseModalities": list,
            "temperature": (0.0, 2.0),
            "maxOutputTokens": int,
            "topP": (0.0, 1.0),
            "topK": int,
            "candidateCount": int,
            "seed": int,
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": str}}, "languageCode": str},
            "thinkingConfig": {"thinkingBudget": int, "thinkingLevel": str, "includeThoughts": bool},
            "mediaResolution": str,
        },
        "systemInstruction": {"parts": list, "role": str},
        "tools": list,
        "realtimeInputConfig": {
            "automaticActivityDetection": {
                "disabled": bool,
                "startOfSpeechSensitivity": {"START_SENSITIVITY_HIGH", "START_SENSITIVITY_LOW"},
                "endOfSpeechSensitivity": {"END_SENSITIVITY_HIGH", "END_SENSITIVITY_LOW"},
                "prefixPaddingMs": int,
                "silenceDurationMs": int,
            },
            "activityHandling": {"START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION"},
            "turnCoverage": str,
        },
        "sessionResumption": {"handle": str, "transparent": bool},
        "contextWindowCompression": {"triggerTokens": None, "slidingWindow": {"targetTokens": None}},
        "inputAudioTranscription": {"languageCodes": list},
        "outputAudioTranscription": {"languageCodes": list},
        "proactivity": {"proactiveAudio": bool},
        "historyConfig": {"initialHistoryInClientContent": bool},
    },
    "clientContent": {"turns": list, "turnComplete": bool},
    "realtimeInput": {
        "audio": _BLOB,
        "text": str,
        "audioStreamEnd": bool,
        "mediaChunks": list,
        "video": _BLOB,
        "activityStart": {},
        "activityEnd": {},
    },
    "toolResponse": {"functionResponses": list},
}


_FREE = frozenset({"args", "response", "parameters", "parametersJsonSchema"})
"""What is the client's own: its names are left as they are."""


def checked(sent: object) -> tuple[str, dict[str, Any]]:
    """The kind of a client's message, and what is in it. Names may be written in either way. Raises Refused."""
    message = _in_camel_case(sent)
    try:
        check(_MESSAGES, message, "message")
    except Refused as refused:
        if refused.code != "unknown_parameter":
            raise
        place, _, name = str(refused.param).rpartition(".")
        text = f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field."
        raise Refused(text, "1007") from None
    kinds = list(message) if isinstance(message, dict) else []
    if len(kinds) != 1 or not isinstance(message, dict) or not isinstance(message[kinds[0]], dict):
        raise Refused("Request contains an invalid argument.", "1007")
    return kinds[0], message[kinds[0]]


@dataclass(slots=True)
class Turns:
    """The conversation: role, text, and seconds of sound of each turn."""

    instructions: str = ""
    turns: list[tuple[str, str, float]] = field(default_factory=list)

    def add(self, role: str, text: str, seconds: float = 0.0) -> None:
        """Puts a turn at the end."""
        self.turns.append((role, text, seconds))

    def take(self, contents: object) -> None:
        """Puts a client's contents at the end. Raises Refused."""
        for content in contents if isinstance(contents, list) else ():
            check(_CONTENT, content, "client_content.turns")
            role = "assistant" if content.get("role") == "model" else "user"
            text = " ".join(str(part.get("text") or "") for part in content.get("parts") or ()).strip()
            aside = text.startswith("[") and text.endswith("]")
            if text != _NUDGE:
                self.add("system" if aside else role, text)

    def talk(self) -> list[tuple[str, str]]:
        """The conversation as the emulators' partner takes it."""
        return [("system", self.instructions), *((role, text) for role, text, _ in self.turns)]

    def usage(self, said: str, seconds: float) -> dict[str, Any]:
        """What a turn cost in which this was said."""
        text = text_tokens(self.instructions) + sum(text_tokens(words) for _, words, sound in self.turns if not sound)
        audio = round(
            sum(
                sound * (SPOKEN_TOKENS_PER_SECOND if role == "assistant" else HEARD_TOKENS_PER_SECOND)
                for role, _, sound in self.turns
            )
        )
        spoken = round(seconds * SPOKEN_TOKENS_PER_SECOND) if said else 0
        return {
            "promptTokenCount": text + audio,
            "responseTokenCount": spoken,
            "totalTokenCount": text + audio + spoken,
            "promptTokensDetails": _details({"TEXT": text, "AUDIO": audio}),
            "responseTokensDetails": _details({"AUDIO": spoken}),
        }


def _in_camel_case(sent: object) -> object:
    if isinstance(sent, list):
        return [_in_camel_case(one) for one in sent]
    if not isinstance(sent, dict):
        return sent
    named = {re.sub("_([a-z])", lambda found: found[1].upper(), str(name)): value for name, value in sent.items()}
    return {name: value if name in _FREE else _in_camel_case(value) for name, value in named.items()}


def tools_of(setup: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Name, description and schema of each function."""
    declared: Sequence[Any] = [
        one for tool in setup.get("tools") or () for one in tool.get("functionDeclarations") or ()
    ]
    return [
        (
            str(one["name"]),
            str(one.get("description") or ""),
            one.get("parameters") or one.get("parametersJsonSchema") or {},
        )
        for one in declared
    ]


def _details(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]
