"""Puts the rooms together: which database, carrier, models and jobs this installation has."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from fastapi import FastAPI

from trunkline.api.app import ApiSettings, create_app
from trunkline.api.scrape import guarded
from trunkline.app.metrics import Exposition
from trunkline.app.observing import observers
from trunkline.app.readings import Readings
from trunkline.app.settings import Settings, stage_default
from trunkline.app.watching import WatchedJournal, WatchedLive
from trunkline.base.clock import SystemClock
from trunkline.base.meters import Meters
from trunkline.domain.assistant import LlmConfig
from trunkline.engine.live import LocalLive
from trunkline.engine.supervisor import Supervisor
from trunkline.jobs.room import Jobs, JobSettings, WakingJournal, jobs_database
from trunkline.ports.analyst import Analyst
from trunkline.ports.models import Models
from trunkline.ports.turn import TurnModel
from trunkline.ports.vad import Vad
from trunkline.providers.catalogue import Catalogue, ProviderSettings
from trunkline.providers.mail.resend import ResendMail
from trunkline.services.costing import Tariff, tariff
from trunkline.services.journal import ServiceJournal
from trunkline.services.rooms import Limits, Rooms
from trunkline.storage.database import Database
from trunkline.storage.object_blobs import ObjectKeys, open_blobs
from trunkline.storage.vault import Vault
from trunkline.telephony import catalogue as carriers
from trunkline.telephony.sip.settings import SipSettings
from trunkline.webhooks.asking import WebhookToolRunner
from trunkline.webhooks.guard import Guard
from trunkline.webhooks.mcp import McpToolRunner
from trunkline.webhooks.samples import SampleSender
from trunkline.webhooks.sender import Sender
from trunkline.webhooks.toolrunner import ServerTools


@dataclass(frozen=True, slots=True)
class Minds:
    """The models of an installation. Benchmarks put scripted ones in the place of the catalogue's."""

    models: Models
    vad: Vad
    turn: TurnModel | None
    analyst: Analyst


@dataclass(frozen=True, slots=True)
class House:
    """The running platform."""

    rooms: Rooms
    supervisor: Supervisor
    jobs: Jobs
    api: FastAPI
    figures: Exposition


@asynccontextmanager
async def open_rooms(
    settings: Settings, models: Models | None = None, meters: Meters | None = None
) -> AsyncIterator[Rooms]:
    """The rooms below the services with an open database; nothing listens and no model is loaded yet."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    configured = settings.master_key.get_secret_value() if settings.master_key else None
    vault = Vault.load_or_make(settings.data_dir / "master.key", configured)
    blobs = open_blobs(settings.recordings_url, settings.data_dir, _object_keys(settings))
    database = await Database.open(settings.database_url, settings.data_dir, vault, meters)
    models = models or Catalogue(provider_settings(settings))
    try:
        yield Rooms(
            database=database,
            vault=vault,
            clock=SystemClock(),
            live=LocalLive(lambda: 0),
            models=models,
            carrier=carriers.carrier(_sip(settings)),
            blobs=blobs,
            limits=replace(_limits(settings, vault), tariff=_tariff(settings, models)),
        )
    finally:
        await database.aclose()


@asynccontextmanager
async def platform(settings: Settings, minds: Minds | None = None) -> AsyncIterator[House]:
    """The whole platform, ready to take calls; leaving it drains what still goes on."""
    async with AsyncExitStack() as stack:
        if minds is None:
            minds = await _local_minds(stack, settings)
        observed = await stack.enter_async_context(observers(settings.otlp_endpoint, settings.worker_name))
        rooms = await stack.enter_async_context(open_rooms(settings, minds.models, observed.metrics))
        carrier = await stack.enter_async_context(carriers.carrier(_sip(settings)))
        live = LocalLive(lambda: jobs.dialler.room())
        rooms = replace(rooms, carrier=carrier, live=WatchedLive(live, observed.watch))
        rooms = replace(
            rooms, failing=lambda: supervisor.failing_providers(), meters=observed.metrics, spans=observed.spans
        )
        guard = Guard.of(allow_insecure=settings.allow_insecure_webhooks, allowed=settings.webhook_allow_list)
        sender = await stack.enter_async_context(Sender(guard, rooms.clock))
        mailer = await stack.enter_async_context(ResendMail(settings.resend_url, settings.resend_key))
        rooms = replace(rooms, probe=SampleSender(sender, rooms.clock), mailer=mailer)
        tools = ServerTools(WebhookToolRunner(sender, rooms.clock), McpToolRunner(guard))
        supervisor = Supervisor(
            carrier=carrier,
            models=minds.models,
            vad=minds.vad,
            turn=minds.turn,
            tools=await stack.enter_async_context(tools),
            journal=WakingJournal(WatchedJournal(ServiceJournal(rooms), observed.watch), lambda: jobs.wake_outbox()),
            blobs=rooms.blobs,
            clock=rooms.clock,
            max_calls=settings.max_calls,
        )
        jobs = Jobs(rooms, supervisor, minds.analyst, sender, _jobs(settings))
        live.attach(
            jobs.dialler.offer,
            lambda *order: supervisor.order(*order) or jobs.receptionist.order(*order),
            supervisor.used,
        )
        await stack.enter_async_context(supervisor)
        await stack.enter_async_context(jobs)
        figures = Exposition(observed.metrics, Readings(rooms, supervisor, jobs))
        scrape = None if settings.metrics_listen else guarded(figures.text)
        yield House(rooms, supervisor, jobs, create_app(rooms, _api(settings), scrape), figures)


async def _local_minds(stack: AsyncExitStack, settings: Settings) -> Minds:
    catalogue = await stack.enter_async_context(Catalogue(provider_settings(settings)))
    await catalogue.warm()
    return Minds(catalogue, await catalogue.vad(), await catalogue.turn(), catalogue.analyst())


def provider_settings(settings: Settings) -> ProviderSettings:
    """What the catalogue of providers is made with."""
    return ProviderSettings(
        openai_compatible_url=settings.openai_compatible_url,
        openai_compatible_key=settings.openai_compatible_key,
        allow_private_model_urls=settings.allow_private_model_urls,
        urls=settings.of_vendors("url"),
        keys=settings.of_vendors("key"),
        livekit=settings.livekit,
    )


def _object_keys(settings: Settings) -> ObjectKeys:
    access, secret = settings.s3_access_key, settings.s3_secret_key
    return ObjectKeys(access.get_secret_value() if access else None, secret.get_secret_value() if secret else None)


def _sip(settings: Settings) -> SipSettings:
    return SipSettings(
        listen=settings.sip_listen,
        rtp_ports=settings.rtp_ports,
        stun=settings.stun,
        tls_ca=settings.sip_tls_ca,
        digest=settings.sip_digest,
        trace=settings.sip_trace,
    )


def _limits(settings: Settings, vault: Vault) -> Limits:
    return Limits(
        public_url=settings.url,
        signing_key=vault.derive("recording addresses"),
        max_calls=settings.max_calls,
        scheduled_late_seconds=settings.scheduled_late_seconds,
        allow_insecure_webhooks=settings.allow_insecure_webhooks,
        mail_from=settings.mail_from,
        webhook_allow_list=settings.webhook_allow_list,
        default_stt=stage_default(settings.default_stt),
        default_llm=stage_default(settings.default_llm),
        default_tts=stage_default(settings.default_tts),
    )


def _tariff(settings: Settings, models: Models) -> Tariff:
    return tariff(models.providers(), settings.own_prices(), settings.platform_fee_per_minute)


def _jobs(settings: Settings) -> JobSettings:
    analysis = None
    if settings.analysis_provider:
        analysis = LlmConfig(provider=settings.analysis_provider, model=settings.analysis_model)
    return JobSettings(
        worker_id=settings.worker_name,
        database_url=jobs_database(settings.database_url, settings.data_dir),
        drain_seconds=settings.drain_seconds,
        analysis_model=analysis,
    )


def _api(settings: Settings) -> ApiSettings:
    return ApiSettings(
        requests_per_minute=settings.rate_limit_per_minute,
        controls_per_minute=settings.control_limit_per_minute,
        public_url=settings.url,
    )
