"""Whether the demo's call really was one: the words of both sides, carried as audio, recognised at the other end."""

import json
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trunkline.testing.recogniser import normalise, word_error_rate

HIGHEST_ERROR_RATE = 0.30
AUDIBLE_LEVEL = 100.0
FEWEST_TURNS = 3
FEWEST_WORDS = 0.6


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


def judge(
    call: Mapping[str, Any],
    callee: Sequence[Mapping[str, Any]],
    recording: Path,
    *,
    ordered: Sequence[str],
    agreed: Mapping[str, Any],
) -> Verdict:
    """Compares what each side said with what the other side's recogniser heard, and listens to the recording's levels.

    ``ordered`` are texts of commands whose words must have reached the callee too, ``agreed`` is what the analysis must
    have found.
    """
    ours = [message["content"] for message in call["messages"] if message["role"] == "assistant"]
    understood = [message["content"] for message in call["messages"] if message["role"] == "user"]
    said = [event["text"] for event in callee if event["event"] == "said"]
    heard = [event["text"] for event in callee if event["event"] == "heard"]
    return Verdict(
        (
            Check(call["status"] == "ended", f"the call ended: {call['status']}, {call['end_reason']}"),
            _carried("the assistant's words, as the callee's recogniser heard them", ours, heard),
            _carried("the callee's words, as the platform's recogniser heard them", said, understood),
            *(_arrived(text, heard) for text in ordered if text),
            _understood(call, agreed),
            *_audible(recording),
        )
    )


def _arrived(text: str, heard: Sequence[str]) -> Check:
    wanted, words = normalise(text), set(normalise(" ".join(heard)))
    share = sum(word in words for word in wanted) / max(len(wanted), 1)
    return Check(share >= FEWEST_WORDS, f"the callee heard what was ordered: {text}")


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
        for side, level in zip(("left (callee)", "right (assistant)"), levels, strict=True)
    ]
