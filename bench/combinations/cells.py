"""Every combination of vendors, each with the number at which it is called."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STT = ("deepgram", "elevenlabs", "gladia", "mistral", "openai")
LLM = ("openai", "mistral", "xai", "google", "anthropic")
TTS = ("elevenlabs", "openai", "inworld", "deepgram", "xai", "google")
REALTIME = ("openai_realtime", "xai_realtime", "google_realtime")
_ENDING = "_realtime"


@dataclass(frozen=True, slots=True)
class Combination:
    """Who hears, thinks and speaks in one call; a realtime model does all three, and stands as ``llm`` alone."""

    llm: str
    stt: str = ""
    tts: str = ""

    def __str__(self) -> str:
        return " + ".join(self.providers.values())

    @property
    def providers(self) -> dict[str, str]:
        """The provider of each stage there is."""
        stages = {"stt": self.stt, "llm": self.llm, "tts": self.tts}
        return {stage: name for stage, name in stages.items() if name}

    @property
    def is_realtime(self) -> bool:
        """Whether one model does everything."""
        return not self.stt

    @property
    def vendors(self) -> frozenset[str]:
        """Whose emulators it talks to."""
        return frozenset(name.removesuffix(_ENDING) for name in self.providers.values())


def combinations(only: Sequence[str] = ()) -> Iterator[Combination]:
    """All of them; ``only`` are words that each must have among its providers, which may name the stage: ``stt=openai``.

    Neighbours differ in all three stages, so that no vendor has all calls at once.
    """
    everything = [
        *(Combination(llm) for llm in REALTIME),
        *(
            Combination(llm, stt, TTS[(first + at + row) % len(TTS)])
            for first in range(len(TTS))
            for row, llm in enumerate(LLM)
            for at, stt in enumerate(STT)
        ),
    ]
    for one in everything:
        named = {*one.providers.values(), *(f"{stage}={name}" for stage, name in one.providers.items())}
        if named.issuperset(only):
            yield one
