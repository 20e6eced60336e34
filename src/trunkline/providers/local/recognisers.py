"""The local recognisers by the name of their model, and what each of them cannot do."""

from trunkline.base.errors import Invalid
from trunkline.domain.assistant import SttConfig
from trunkline.providers.local import weights, whisper
from trunkline.providers.local.hearing import GatedStream, GatedStt
from trunkline.providers.local.moonshine import MoonshineStt
from trunkline.providers.local.whisper import WhisperStt

DEFAULT = "moonshine-tiny"
MULTILINGUAL = "whisper-base"


class LocalStt:
    """ports.models.Stt for the provider ``local``."""

    def __init__(self, threads: int = 1) -> None:
        self._models: dict[str, GatedStt] = {DEFAULT: MoonshineStt(threads), MULTILINGUAL: WhisperStt(threads)}

    async def warm(self) -> None:
        """Loads the default model before the first call."""
        await self._models[DEFAULT].warm()

    async def open(self, config: SttConfig, sample_rate_hz: int) -> GatedStream:
        if found := problems(config):
            raise Invalid(found[0], details=found)
        return await self._models[config.model or DEFAULT].open(config, sample_rate_hz)

    def close(self) -> None:
        """Ends its threads."""
        for model in self._models.values():
            model.close()


def problems(config: SttConfig) -> list[str]:
    """What a local recogniser cannot do of ``config``, each as ``<field>: <problem>``; empty when all is well."""
    model = config.model or DEFAULT
    if model not in (DEFAULT, MULTILINGUAL):
        return [f"stt_config.model: there is no local model {model!r}; there are {DEFAULT} and {MULTILINGUAL}"]
    language = config.language.split("-")[0].lower()
    found = []
    if model == DEFAULT:
        absent = weights.missing(weights.MOONSHINE)
        if language != "en":
            found.append(
                f"stt_config.language: {DEFAULT} hears English only; for {config.language!r} use the model {MULTILINGUAL}"
            )
    else:
        absent = whisper.missing()
        if language not in whisper.LANGUAGES:
            known = ", ".join(whisper.LANGUAGES)
            found.append(f"stt_config.language: {MULTILINGUAL} needs one of {known}, not {config.language!r}")
    if absent:
        found.append(f"stt_config.model: {absent}")
    if config.keyterms:
        found.append("stt_config.keyterms: the local recognisers take none; leave them out")
    return found
