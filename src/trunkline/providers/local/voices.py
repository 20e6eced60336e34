"""The local voices: their names, languages and descriptions, and which one a configuration means."""

from dataclasses import dataclass

from trunkline.base.errors import Invalid
from trunkline.domain.assistant import TtsConfig
from trunkline.ports.offers import VoiceFacts


@dataclass(frozen=True, slots=True)
class LocalVoice:
    """A Pico voice; ``locale`` is what its files are named after."""

    id: str
    locale: str
    name: str
    english: str
    dutch: str


VOICES = (
    LocalVoice("en-US", "en-US", "Pico, American English", "A woman, American English", "Een vrouw, Amerikaans Engels"),
    LocalVoice("en-GB", "en-GB", "Pico, British English", "A woman, British English", "Een vrouw, Brits Engels"),
    LocalVoice("de", "de-DE", "Pico, German", "A woman, German", "Een vrouw, Duits"),
    LocalVoice("es", "es-ES", "Pico, Spanish", "A woman, Spanish of Spain", "Een vrouw, Spaans uit Spanje"),
    LocalVoice("fr", "fr-FR", "Pico, French", "A woman, French", "Een vrouw, Frans"),
    LocalVoice("it", "it-IT", "Pico, Italian", "A woman, Italian", "Een vrouw, Italiaans"),
)


def facts() -> list[VoiceFacts]:
    """The local voices for ``GET /voices``."""
    english = "Built in, needs no key: clear and quick, but robotic."
    dutch = "Ingebouwd, zonder sleutel: duidelijk en snel, maar robotachtig."
    return [
        VoiceFacts(
            voice.id,
            voice.name,
            voice.locale,
            "local",
            {"en": f"{voice.english}. {english}", "nl": f"{voice.dutch}. {dutch}"},
        )
        for voice in VOICES
    ]


def choose(config: TtsConfig) -> LocalVoice:
    """The voice that a configuration means: by ``voice_id``, else by ``language``, else American English.

    Raises Invalid that says which there are, also where the voice does not speak the language.
    """
    language = (config.language or "").lower()
    if config.voice_id is None:
        return _speaker_of(language) if language else VOICES[0]
    voice = _called(config.voice_id)
    if language and not _speaks(voice, language):
        raise Invalid(f"tts_config.language: the voice {voice.id} speaks {voice.locale}, not {config.language}")
    return voice


def _called(voice_id: str) -> LocalVoice:
    wanted = voice_id.lower()
    for voice in VOICES:
        if wanted in (voice.id.lower(), voice.locale.lower()):
            return voice
    known = ", ".join(voice.id for voice in VOICES)
    raise Invalid(f"tts_config.voice_id: there is no local voice {voice_id!r}; there are {known}")


def _speaker_of(language: str) -> LocalVoice:
    for voice in VOICES:
        if _speaks(voice, language):
            return voice
    known = ", ".join(voice.id for voice in VOICES)
    raise Invalid(f"tts_config.language: no local voice speaks {language!r}; they speak {known}")


def _speaks(voice: LocalVoice, language: str) -> bool:
    locale = voice.locale.lower()
    return language == locale or language == locale.split("-")[0]
