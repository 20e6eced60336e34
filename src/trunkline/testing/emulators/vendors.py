"""The emulator of each vendor: one server that speaks all of the vendor's protocols that calls need."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from aiohttp import web

from trunkline.testing.emulators.anthropic_chat import add_anthropic_chat
from trunkline.testing.emulators.chat_completions import add_openai_chat
from trunkline.testing.emulators.deepgram_listen import add_deepgram_listen
from trunkline.testing.emulators.deepgram_speak import add_deepgram_speak
from trunkline.testing.emulators.elevenlabs_scribe import add_elevenlabs_scribe
from trunkline.testing.emulators.elevenlabs_speech import add_elevenlabs_speech
from trunkline.testing.emulators.gemini_chat import add_gemini_chat
from trunkline.testing.emulators.gemini_live import add_gemini_live
from trunkline.testing.emulators.gladia_live import add_gladia_live
from trunkline.testing.emulators.google_speech import add_gemini_speech, add_google_speech
from trunkline.testing.emulators.house import Emulator
from trunkline.testing.emulators.inworld_speech import add_inworld_speech
from trunkline.testing.emulators.mistral_transcription import add_mistral_transcription
from trunkline.testing.emulators.openai_files import add_openai_file_transcription
from trunkline.testing.emulators.openai_realtime import add_openai_realtime
from trunkline.testing.emulators.openai_speech import add_openai_speech
from trunkline.testing.emulators.openai_transcription import add_openai_transcription
from trunkline.testing.emulators.resend import add_resend
from trunkline.testing.emulators.xai_realtime import add_xai_realtime
from trunkline.testing.emulators.xai_speech import add_xai_speech

AddProtocol = Callable[[web.Application, Emulator], None]


class VendorEmulator(Emulator):
    """A vendor's emulator, made of its protocols. ``addresses`` are the paths that its protocols begin with, by the name of
    the address in the catalogue."""

    protocols: ClassVar[Sequence[AddProtocol]] = ()
    addresses: ClassVar[Mapping[str, str]] = {}

    def routes(self, app: web.Application) -> None:
        """Adds every protocol of the vendor."""
        for add in self.protocols:
            add(app, self)

    def environment(self) -> dict[str, str]:
        """The settings of a platform that is to call this emulator in place of the vendor."""
        return dict(self._environment())

    def _environment(self) -> Iterator[tuple[str, str]]:
        house = self.url.removesuffix(self.base)
        for name, path in (self.addresses or {self.vendor: self.base}).items():
            yield f"TRUNKLINE_{name.upper()}_URL", house + path
        yield f"TRUNKLINE_{self.vendor.upper()}_KEY", self.key


class AnthropicVendor(VendorEmulator):
    """Anthropic: messages."""

    vendor, base = "anthropic", "/v1"
    protocols: ClassVar[Sequence[AddProtocol]] = (add_anthropic_chat,)


class DeepgramVendor(VendorEmulator):
    """Deepgram: live transcription, and speech."""

    vendor, base = "deepgram", "/v1"
    protocols: ClassVar[Sequence[AddProtocol]] = (add_deepgram_listen, add_deepgram_speak)


class ElevenLabsVendor(VendorEmulator):
    """ElevenLabs: realtime transcription, and speech."""

    vendor, base = "elevenlabs", "/v1"
    protocols: ClassVar[Sequence[AddProtocol]] = (add_elevenlabs_scribe, add_elevenlabs_speech)


class GladiaVendor(VendorEmulator):
    """Gladia: live transcription."""

    vendor, base = "gladia", "/v2"
    protocols: ClassVar[Sequence[AddProtocol]] = (add_gladia_live,)


class GoogleVendor(VendorEmulator):
    """Google: Gemini, Gemini Live, and Cloud Text-to-Speech."""

    vendor, base = "google", "/v1beta"
    protocols: ClassVar[Sequence[AddProtocol]] = (
        add_google_speech,
        add_gemini_speech,
        add_gemini_chat,
        add_gemini_live,
    )
    addresses: ClassVar[Mapping[str, str]] = {"google": "/v1beta", "google_speech": "/v1"}


class InworldVendor(VendorEmulator):
    """Inworld: speech."""

    vendor, base = "inworld", ""
    protocols: ClassVar[Sequence[AddProtocol]] = (add_inworld_speech,)


class MistralVendor(VendorEmulator):
    """Mistral: chat, and realtime transcription."""

    vendor, base = "mistral", "/v1"
    protocols: ClassVar[Sequence[AddProtocol]] = (add_openai_chat, add_mistral_transcription)


class OpenAiVendor(VendorEmulator):
    """OpenAI: chat, transcription, speech, and speech to speech."""

    vendor, base = "openai", "/v1"
    protocols: ClassVar[Sequence[AddProtocol]] = (
        add_openai_chat,
        add_openai_transcription,
        add_openai_file_transcription,
        add_openai_speech,
        add_openai_realtime,
    )


class ResendVendor(VendorEmulator):
    """Resend: e-mails, and the domains they come from."""

    vendor, base = "resend", ""
    protocols: ClassVar[Sequence[AddProtocol]] = (add_resend,)


class XaiVendor(VendorEmulator):
    """xAI: chat, speech, and speech to speech."""

    vendor, base = "xai", "/v1"
    protocols: ClassVar[Sequence[AddProtocol]] = (add_openai_chat, add_xai_speech, add_xai_realtime)


EMULATORS: Mapping[str, type[VendorEmulator]] = {
    emulator.vendor: emulator
    for emulator in (
        AnthropicVendor,
        DeepgramVendor,
        ElevenLabsVendor,
        GladiaVendor,
        GoogleVendor,
        InworldVendor,
        MistralVendor,
        OpenAiVendor,
        ResendVendor,
        XaiVendor,
    )
}
"""Every vendor's emulator, by the vendor's name."""
