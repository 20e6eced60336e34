"""Whether the demo's call really was one: the words of both sides, carried as audio, recognised at the other end."""

import json
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trunkline.cli.scene import AGREED, CUES, SPACE, TOOL, VARIABLES
from trunkline.testing.recogniser import normalise, word_error_rate

HIGHEST_ERROR_RATE = 0.30
AUDIBLE_LEVEL = 100.0
FEWEST_TURNS = 3
FEWEST_WORDS = 0.6
LATE_SECONDS = 1.5
"""A recogniser tells what it heard when it is over."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to be so."""

    good: bool
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that had to be so."""

    lines: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check is good."""
        return all(line.good for line in self.lines)


@dataclass(frozen=True, slots=True)
class Account:
    """What those told who were there: each callee's own events, the uses of the tool with their arguments, and when the
    hand-over began (seconds since the epoch)."""

    maria: Sequence[Mapping[str, Any]]
    sophie: Sequence[Mapping[str, Any]]
    used: Sequence[tuple[str, Mapping[str, Any]]]
    transferring_at: float | None


def judge(call: Mapping[str, Any], account: Account, recording: Path) -> Verdict:
    """Compares what each side said with what the other side's recogniser heard, and listens to the recording's levels."""
    ours = _contents(call, "assistant")
    until = account.transferring_at
    said = _texts(account.maria, "said", until=until)
    heard = _texts(account.maria, "heard", until=until and until + LATE_SECONDS)
    return Verdict(
        (
            Check(call["status"] == "transferred", f"the call ended: {call['status']}, {call['end_reason']}"),
            _carried("the assistant's words, as Maria's recogniser heard them", ours, heard),
            _carried("Maria's words, as the platform's recogniser heard them", said, _contents(call, "user")),
            _interrupted(call),
            *(_arrived(cue.command["content"], heard, "Maria heard what was ordered") for cue in CUES),
            _used(account, heard),
            *_handed_over(account),
            _understood(call, AGREED),
            *_audible(recording),
        )
    )


def _contents(call: Mapping[str, Any], role: str) -> list[str]:
    return [message["content"] for message in call["messages"] if message["role"] == role]


def _texts(
    events: Sequence[Mapping[str, Any]], kind: str, since: float | None = None, until: float | None = None
) -> list[str]:
    return [
        event["text"]
        for event in events
        if event["event"] == kind and (since is None or event["at"] >= since) and (until is None or event["at"] < until)
    ]


def _interrupted(call: Mapping[str, Any]) -> Check:
    """Words of the assistant that were cut off, then Maria's, then the assistant's answer."""
    talk = [message for message in call["messages"] if message["role"] in ("assistant", "user")]
    for at, message in enumerate(talk[:-2]):
        roles = [one["role"] for one in talk[at : at + 3]]
        if message["interrupted"] and roles == ["assistant", "user", "assistant"]:
            return Check(True, f"Maria broke in: of the reply she heard {message['content']!r}, and was answered")
    return Check(False, "Maria broke in, and was answered")


def _arrived(text: str, heard: Sequence[str], what: str) -> Check:
    wanted, words = normalise(text), set(normalise(" ".join(heard)))
    share = sum(word in words for word in wanted) / max(len(wanted), 1)
    return Check(share >= FEWEST_WORDS, f"{what}: {text}")


def _used(account: Account, heard: Sequence[str]) -> Check:
    wanted = {"day": VARIABLES["day"], "time": VARIABLES["time"]}
    once = list(account.used) == [(TOOL, wanted)]
    told = _arrived(f"parking space {SPACE}", heard, "").good
    return Check(
        once and told, f"the tool ran once, with {json.dumps(wanted)}, and Maria heard what it brought: {SPACE}"
    )


def _handed_over(account: Account) -> list[Check]:
    """Sophie was told of Maria before they were connected, and then each heard the other."""
    answers = [event["at"] for event in account.sophie if event["event"] == "said"]
    if len(answers) < FEWEST_TURNS or account.transferring_at is None:
        return [Check(False, "Maria was put through to Sophie")]
    taken_at, spoke_at = answers[1], answers[2]
    briefed = _texts(account.sophie, "heard", until=taken_at + LATE_SECONDS)
    to_sophie, to_maria = (_texts(events, "heard", spoke_at) for events in (account.sophie, account.maria))
    checks = [
        _arrived(f"{VARIABLES['name']} on the line", briefed, "Sophie was told who is calling, and took the call")
    ]
    for who, said, heard in (
        ("Maria heard Sophie", _texts(account.sophie, "said", spoke_at), to_maria),
        ("Sophie heard Maria", _texts(account.maria, "said", spoke_at), to_sophie),
    ):
        checks.append(_arrived(" ".join(said), heard, who) if said else Check(False, who))
    return checks


def _understood(call: Mapping[str, Any], agreed: Mapping[str, Any]) -> Check:
    found = (call["analysis_result"] or {}).get("structured_data")
    return Check(bool(call["summary"]) and found == agreed, f"the analysis found what was agreed: {json.dumps(found)}")


def _carried(what: str, spoken: list[str], heard: list[str]) -> Check:
    rate = word_error_rate(" ".join(spoken), " ".join(heard))
    good = len(spoken) >= FEWEST_TURNS and rate <= HIGHEST_ERROR_RATE
    return Check(good, f"{what}: {len(spoken)} turns, word error rate {rate:.0%}")


def _audible(recording: Path) -> list[Check]:
    with wave.open(str(recording)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).reshape(-1, 2)
        seconds = sound.getnframes() / sound.getframerate()
    levels = np.sqrt(np.mean(samples.astype(np.float64) ** 2, axis=0)) if len(samples) else np.zeros(2)
    return [
        Check(
            float(level) > AUDIBLE_LEVEL, f"the recording's {side} channel is audible: {seconds:.1f} s at {level:.0f}"
        )
        for side, level in zip(("left (Maria)", "right (assistant, then Sophie)"), levels, strict=True)
    ]
