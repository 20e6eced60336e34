"""The tables in the pages about providers and emulators, made from the catalogue and the emulators themselves."""

import re
from collections.abc import Iterator
from typing import Any

from trunkline.providers.offers import read_catalogue
from trunkline.testing.emulators.house import Fault, Moment
from trunkline.testing.emulators.vendors import EMULATORS

_BLOCK = re.compile(r"(<!-- made: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.S)


def filled(text: str) -> str:
    """A page with each of its made blocks as it is to be."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{_table(found['name'])}\n\n{found[3]}", text)


def _table(name: str) -> str:
    makers = {
        "keys": _keys,
        "llm": lambda: _models("llm", realtime=False),
        "realtime": lambda: _models("llm", realtime=True),
        "stt": lambda: _models("stt", realtime=False),
        "tts": lambda: _models("tts", realtime=False),
        "emulators": _emulators,
        "faults": lambda: _meanings("fault", Fault),
        "moments": lambda: _meanings("moment", Moment),
    }
    return "\n".join(makers[name]())


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _head(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield "|" + "---|" * len(cells)


def _addresses(vendor: str) -> list[str]:
    """The names of a vendor's addresses: its own first."""
    catalogue = read_catalogue()
    others = [one.get("address") for stage in ("llm", "stt", "tts") for one in _of_vendor(catalogue[stage], vendor)]
    return [vendor, *sorted({str(name) for name in others if name})]


def _of_vendor(offers: dict[str, Any], vendor: str) -> list[dict[str, Any]]:
    return [offer for provider, offer in offers.items() if offer.get("vendor", provider) == vendor]


def _keys() -> Iterator[str]:
    vendors = read_catalogue()["vendors"]
    yield from _head("vendor", "name", "the platform's key", "address", "default address")
    for vendor in EMULATORS:
        names = _addresses(vendor)
        yield _row(
            f"[{vendors[vendor]['name']}]({vendors[vendor]['docs_url']})",
            f"`{vendor}`",
            f"`TRUNKLINE_{vendor.upper()}_KEY`",
            "<br>".join(f"`TRUNKLINE_{name.upper()}_URL`" for name in names),
            "<br>".join(f"`{vendors[name]['url']}`" for name in names),
        )


def _models(stage: str, *, realtime: bool) -> Iterator[str]:
    more = {"llm": (), "stt": ("languages", "own options"), "tts": ("own options",)}[stage]
    yield from _head("provider", "models, the default first", *more)
    for provider, offer in read_catalogue()[stage].items():
        if provider.endswith("_realtime") is not realtime:
            continue
        models = sorted(offer["models"], key=lambda one: not one["default"])
        named = ", ".join(f"`{one['id']}`{' (old)' if one['legacy'] else ''}" for one in models) or "any"
        columns = {
            "languages": _languages(stage, provider, offer),
            "own options": ", ".join(_option(name, limits) for name, limits in offer.get("options", {}).items()),
        }
        yield _row(f"`{provider}`", named, *(columns[name] for name in more))


def _languages(stage: str, provider: str, offer: dict[str, Any]) -> str:
    if stage == "stt" and provider == "local":
        return "`moonshine-tiny` en, `whisper-base` many"
    return str(offer.get("languages", ""))


def _option(name: str, limits: dict[str, Any]) -> str:
    if "min" in limits:
        return f"`{name}` {limits['min']:g} to {limits['max']:g}"
    most = f" (at most {limits['most']})" if "most" in limits else ""
    return f"`{name}`{most}"


def _emulators() -> Iterator[str]:
    yield from _head("`trunkline emulate`", "protocols", "what it tells to set")
    for vendor, emulator in EMULATORS.items():
        protocols = (emulator.__doc__ or "").partition(": ")[2].rstrip(".")
        told = "<br>".join(f"`{name}`" for name in emulator().environment())
        yield _row(f"`{vendor}`", protocols, told)


def _meanings(name: str, of: type[Fault] | type[Moment]) -> Iterator[str]:
    yield from _head(f"`--{name}`", "meaning")
    yield from (_row(f"`{one.value}`", _MEANINGS[one]) for one in of)


_MEANINGS = {
    Fault.UNAUTHORISED: "the key is refused, in the vendor's own words",
    Fault.RATE_LIMITED: "429, or the vendor's form of it",
    Fault.OVERLOADED: "500, 503 or 529, as the vendor has it",
    Fault.ERROR: "the vendor's error message within the stream",
    Fault.DROP: "the connection is cut without a word",
    Fault.SILENCE: "nothing comes any more; pings are answered",
    Fault.HALF_OPEN: "nothing comes any more, and pings are not answered",
    Fault.SLOW: "what comes, comes `--seconds` late",
    Fault.GARBAGE: "what comes cannot be read",
    Fault.ODD_CHUNKS: "all is well, but cut into pieces of odd sizes",
    Moment.CONNECT: "when a request or a socket comes in",
    Moment.FIRST: "before the first result of an utterance, a reply or a sentence",
    Moment.MIDDLE: "after the first result",
}
