"""The models of one call: what is tried by vendors' adapters against their emulators, the rest scripted."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from bench.faults.cells import Cell, Course
from bench.faults.ears import ToldEars
from trunkline.domain.assistant import LlmConfig, SttConfig, TtsConfig
from trunkline.ports.models import Llm, Stage, Stt, Tts
from trunkline.ports.offers import VoiceFacts
from trunkline.ports.realtime import Realtime
from trunkline.providers import makers, offers
from trunkline.providers.vendor import Vendor
from trunkline.testing.emulators.house import Trouble
from trunkline.testing.emulators.vendors import EMULATORS, VendorEmulator
from trunkline.testing.models import NoVendors, ScriptedLlm, ScriptedTts, Thinking

SAID = ("Could you tell me what the weather is like tomorrow?", "Thank you very much and goodbye.")
REPLIES = ("Tomorrow will be sunny and warm. In the evening it may rain.", "Goodbye.")
SECONDS_PER_CHARACTER = 0.06


@dataclass(slots=True)
class CellModels(NoVendors):
    """ports.models.Models. ``local`` is scripted."""

    reached: dict[str, tuple[Vendor, SecretStr]] = field(default_factory=dict)
    ears: ToldEars = field(default_factory=ToldEars)
    brain: ScriptedLlm = field(default_factory=lambda: ScriptedLlm(Thinking(REPLIES)))
    mouth: ScriptedTts = field(default_factory=ScriptedTts)

    def stt(self, provider: str, key: SecretStr | None = None) -> Stt:
        return self.ears if provider == "local" else makers.STT[provider](*self._at("stt", provider))

    def llm(self, provider: str, key: SecretStr | None = None) -> Llm:
        return self.brain if provider == "local" else makers.LLM[provider](*self._at("llm", provider))

    def tts(self, provider: str, key: SecretStr | None = None) -> Tts:
        return self.mouth if provider == "local" else makers.TTS[provider](*self._at("tts", provider))

    def realtime(self, provider: str, key: SecretStr | None = None) -> Realtime:
        return makers.REALTIME[provider](*self._at("llm", provider))

    def vendor(self, provider: str) -> str:
        return offers.vendor_of(provider)

    def model(self, stage: Stage, provider: str, model: str | None) -> str | None:
        return offers.model_of(stage, provider, model)

    def check(
        self, llm: LlmConfig, stt: SttConfig | None, tts: TtsConfig | None, own: Collection[str] | None = None
    ) -> None:
        """Everything is well."""

    def voices(self) -> list[VoiceFacts]:
        """The one there is."""
        return [VoiceFacts(id="tone", name="Tone", language="en", provider="local")]

    def _at(self, stage: Stage, provider: str) -> tuple[Vendor, SecretStr]:
        return self.reached[offers.address_of(stage, provider)]


@asynccontextmanager
async def furnished(cell: Cell) -> AsyncIterator[tuple[CellModels, VendorEmulator]]:
    """The models of a cell, and the emulator that misbehaves."""
    async with AsyncExitStack() as stack:
        models = CellModels()
        failing = await _reached(stack, models, cell.provider)
        if cell.fallback is not None and offers.vendor_of(cell.fallback) != failing.vendor:
            await _reached(stack, models, cell.fallback)
        times = 1 if cell.course is Course.ONCE else None
        failing.misbehave(Trouble(cell.fault, cell.moment, times))
        yield models, failing


async def _reached(stack: AsyncExitStack, models: CellModels, provider: str) -> VendorEmulator:
    emulator = await stack.enter_async_context(EMULATORS[offers.vendor_of(provider)]())
    ending, key = "_URL", SecretStr(emulator.key)
    for name, value in emulator.environment().items():
        if name.endswith(ending):
            address = name.removeprefix("TRUNKLINE_").removesuffix(ending).lower()
            vendor = Vendor(address, value)
            stack.push_async_callback(vendor.aclose)
            models.reached[address] = vendor, key
    return emulator
