"""A short talk in another language with the real local recogniser and voice, in real time."""

from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from tests.engine_media.world import MemoryBlobs, MemoryJournal, Tools, plan
from trunkline.audio.frame import silence
from trunkline.base.clock import SystemClock
from trunkline.domain.assistant import SttConfig, TtsConfig
from trunkline.domain.call import EndReason
from trunkline.engine.supervisor import Supervisor
from trunkline.engine.wording import CHECK_INS, LAST_WORDS
from trunkline.ports.models import Llm, Stt, Tts
from trunkline.ports.offers import VoiceFacts
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.testing.line import Party, ScriptedCarrier, Words
from trunkline.testing.models import NoVendors, ScriptedLlm, Thinking
from trunkline.testing.recogniser import word_error_rate

pytestmark = [pytest.mark.call, pytest.mark.asyncio]

RATE = 8000
TALKS = {
    "de": (
        "Guten Tag, hier ist die Praxis. Möchten Sie einen Termin machen?",
        "Haben Sie nächste Woche am Dienstag noch etwas frei?",
        "Am Dienstag um zehn Uhr ist noch etwas frei.",
    ),
    "es": (
        "Buenos días, le llamo de la clínica. ¿Quiere pedir una cita?",
        "¿Tiene algo libre el martes por la mañana?",
        "El martes a las diez hay un hueco.",
    ),
}


@dataclass(slots=True)
class HalfScripted(NoVendors):
    """The real catalogue with a brain that knows beforehand what it will say."""

    real: Catalogue
    brain: ScriptedLlm
    asked: list[str] = field(default_factory=list)

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        return self.real.stt(provider)

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        return self.brain

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        return self.real.tts(provider)

    def check(self, llm: object, stt: object, tts: object, own: object = None) -> None:
        """Nothing is refused here."""

    def voices(self) -> list[VoiceFacts]:
        return self.real.voices()


async def _said(real: Catalogue, text: str, language: str) -> bytes:
    voice = await real.tts("local").open(TtsConfig(provider="local", language=language, speed=0.9), RATE)
    pcm = b"".join([chunk async for chunk in voice.speak(text)])
    await voice.aclose()
    return pcm + silence(0.2, RATE)


@pytest.mark.parametrize("language", list(TALKS))
async def test_a_short_talk_is_held_and_ended_in_the_language_of_the_call(language: str) -> None:
    opening, question, answer = TALKS[language]
    async with Catalogue(ProviderSettings()) as real:
        words = await _said(real, question, language)
        carrier = ScriptedCarrier(Party(says=(Words(words, quiet=1.0),)))
        models = HalfScripted(real, ScriptedLlm(Thinking((answer,))))
        journal = MemoryJournal()
        call = plan(
            first_message=opening,
            stt_config=SttConfig(provider="local", model="whisper-base", language=language),
            tts_config=TtsConfig(provider="local"),
            autonomous_silence_handling=True,
            speech_config={"silence": {"first_check_seconds": 2.5, "interval_seconds": 1.0, "max_attempts": 1}},
        )
        async with Supervisor(
            carrier, models, await real.vad(), None, Tools(), journal, MemoryBlobs(), SystemClock(), 1
        ) as supervisor:
            await supervisor.run(call)
    said = journal.said()
    assert journal.ended().reason is EndReason.SILENCE_TIMEOUT
    assert [text for role, text in said if role == "assistant"] == [
        opening,
        answer,
        CHECK_INS[language][0],
        LAST_WORDS[language],
    ]
    understood = " ".join(text for role, text in said if role == "user")
    assert word_error_rate(question, understood) < 0.35, understood
