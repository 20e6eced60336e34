"""The vendors' voices: which speaks where none is named, and which there are, from the vendor or as it published them
(``voices.json``)."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from pydantic import SecretStr

from trunkline.base.errors import Upstream
from trunkline.base.logs import logger
from trunkline.ports.offers import VoiceFacts
from trunkline.providers.vendor import Vendor

KEPT_SECONDS = 300.0
_MOST_PAGES = 20
_KINDS = {
    "female": ("A woman.", "Een vrouw."),
    "male": ("A man.", "Een man."),
    "neutral": ("Neither a man nor a woman.", "Man noch vrouw."),
}
_log = logger("providers")


@cache
def read_voices() -> dict[str, Any]:
    """``voices.json``: ``defaults`` by provider and language, ``locales`` by language, and by provider its voices; those
    of ``realtime`` models as a vendor's ``without`` some; whose list is ``closed``, but for names that begin so."""
    read: dict[str, Any] = json.loads(resources.files(__package__).joinpath("voices.json").read_text("utf-8"))
    return read


def default_voice(provider: str, language: str | None) -> str:
    """The voice that is meant where none is named."""
    known: Mapping[str, str] = read_voices()["defaults"][provider]
    return known.get((language or "*").split("-")[0], known["*"])


def locale_of(language: str) -> str:
    """The language with the region that is spoken where none is named: ``nl-NL`` for ``nl``."""
    locales: Mapping[str, str] = read_voices()["locales"]
    return locales.get(language, language)


def published(provider: str) -> list[VoiceFacts]:
    """The voices as the vendor published them."""
    realtime = read_voices()["realtime"].get(provider, {})
    return [
        VoiceFacts(one["id"], one["name"], one["language"], provider, _about(one.get("gender"), one))
        for one in read_voices().get(realtime.get("of", provider), ())
        if one["id"] not in realtime.get("without", ())
    ]


def voice_problems(provider: str, voice: str | None, place: str) -> Iterator[str]:
    """What is wrong with a voice, named at ``place``, of a provider that has no others than those it published."""
    beginnings: Sequence[str] | None = read_voices()["closed"].get(provider)
    if beginnings is None or not (voice or "").strip() or str(voice).startswith(tuple(beginnings)):
        return
    known = sorted(one.id for one in published(provider))
    if str(voice).casefold() not in {one.casefold() for one in known}:
        yield f"{place}: {provider} has no voice {voice!r}; it has {', '.join(known)}"


async def vendor_voices(vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
    """The voices that ``key`` can use at this vendor; those that it published where it gives no list. Raises Upstream."""
    ask = _ASKED.get(vendor.name)
    return published(vendor.name) if ask is None else await ask(vendor, key)


class KeptVoices:
    """What vendors told not long ago, by vendor and key."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[tuple[str, str], tuple[float, list[VoiceFacts]]] = {}

    async def of(self, vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
        """The vendor's voices; none, with a warning in the log, where it does not tell."""
        place = (vendor.name, hashlib.sha256(key.get_secret_value().encode()).hexdigest())
        if place in self._kept and self._now() - self._kept[place][0] < KEPT_SECONDS:
            return self._kept[place][1]
        try:
            voices = await vendor_voices(vendor, key)
        except Upstream as error:
            _log.warning(
                "a vendor does not tell its voices", vendor=vendor.name, status=error.status, why=error.message
            )
            return []
        self._kept = {known: kept for known, kept in self._kept.items() if self._now() - kept[0] < KEPT_SECONDS}
        self._kept[place] = (self._now(), voices)
        return voices


async def asked(vendor: Vendor, key: SecretStr, url: str, headers: Mapping[str, str], query: Mapping[str, str]) -> Any:
    """The JSON object that a vendor answers with. Raises Upstream."""
    async with vendor.requested(key), vendor.http.get(url, headers=headers, params=query) as answer:
        if answer.status != 200:
            raise await vendor.refusal(answer, key)
        return await vendor.told(answer)


async def _elevenlabs(vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
    url = vendor.url.removesuffix("/v1") + "/v2/voices"
    headers, query = {"xi-api-key": key.get_secret_value()}, {"page_size": "100", "include_total_count": "false"}
    voices: list[VoiceFacts] = []
    for _ in range(_MOST_PAGES):
        page = await asked(vendor, key, url, headers, query)
        voices += [_elevenlabs_voice(one) for one in page.get("voices") or () if one.get("voice_id")]
        if not page.get("has_more") or not page.get("next_page_token"):
            break
        query["next_page_token"] = page["next_page_token"]
    return voices


def _elevenlabs_voice(one: dict[str, Any]) -> VoiceFacts:
    labels = one.get("labels") or {}
    verified: dict[str, str] = next(iter(one.get("verified_languages") or ()), {})
    language = labels.get("language") or verified.get("locale") or verified.get("language") or "multi"
    told = one.get("description") or ", ".join(str(label) for label in labels.values() if label)
    return _fact(one["voice_id"], one.get("name"), language, "elevenlabs", labels.get("gender"), told)


async def _inworld(vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
    headers = {"Authorization": f"Basic {key.get_secret_value()}"}
    query: dict[str, str] = {}
    voices: list[VoiceFacts] = []
    for _ in range(_MOST_PAGES):
        page = await asked(vendor, key, f"{vendor.url}/voices/v1/voices", headers, query)
        for one in (voice for voice in page.get("voices") or () if voice.get("voiceId")):
            gender = next((tag for tag in one.get("tags") or () if tag in _KINDS), None)
            name, told = one.get("displayName"), one.get("description")
            voices.append(_fact(one["voiceId"], name, _tag(one.get("langCode")), "inworld", gender, told))
        if not page.get("nextPageToken"):
            break
        query["pageToken"] = page["nextPageToken"]
    return voices


async def _google(vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
    headers = {"X-Goog-Api-Key": key.get_secret_value()}
    page = await asked(vendor, key, f"{vendor.url}/voices", headers, {})
    told = [
        _fact(one["name"], one["name"], (one.get("languageCodes") or ["multi"])[0], "google", _gender(one), None)
        for one in page.get("voices") or ()
        if "Chirp3-HD" in one.get("name", "")
    ]
    return [*published("google"), *told]


async def _xai(vendor: Vendor, key: SecretStr) -> list[VoiceFacts]:
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"}
    page = await asked(vendor, key, f"{vendor.url}/tts/voices", headers, {})
    known = {voice.id: voice for voice in published("xai")}
    for one in page.get("voices") or ():
        voice_id = str(one.get("voice_id") or "")
        if voice_id and voice_id not in known:
            told = _fact(voice_id, one.get("name"), one.get("language") or "multi", "xai", one.get("gender"), None)
            known[voice_id] = told
    return list(known.values())


_ASKED: Mapping[str, Callable[[Vendor, SecretStr], Awaitable[list[VoiceFacts]]]] = {
    "elevenlabs": _elevenlabs,
    "inworld": _inworld,
    "google_speech": _google,
    "xai": _xai,
}
"""Vendors that give a list, by their address in the catalogue."""


def _fact(
    voice_id: str, name: str | None, language: str, provider: str, gender: str | None, told: str | None
) -> VoiceFacts:
    about = _about(gender, {})
    return VoiceFacts(voice_id, name or voice_id, language, provider, {**about, "en": told} if told else about)


def _about(gender: str | None, manner: Mapping[str, str]) -> dict[str, str]:
    """What is known of a voice, in English and in Dutch."""
    kinds = _KINDS.get(gender or "", ("", ""))
    said = {
        language: " ".join(part for part in (kind, manner.get(language, "")) if part)
        for language, kind in zip(("en", "nl"), kinds, strict=True)
    }
    return {language: words for language, words in said.items() if words}


def _gender(one: Mapping[str, Any]) -> str:
    return str(one.get("ssmlGender", "")).lower()


def _tag(code: str | None) -> str:
    """``en-US`` for ``EN_US``."""
    if not code or code == "AUTO":
        return "multi"
    language, _, region = code.partition("_")
    return f"{language.lower()}-{region.upper()}" if region else language.lower()
