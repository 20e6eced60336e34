"""All settings, read from the environment here and nowhere else."""

import json
import re
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from trunkline.base.errors import Invalid
from trunkline.services.costing import price_problems

_WRONG = "the settings are wrong; correct these environment variables"


_NOT_VENDORS = frozenset(
    {
        "database_url",
        "public_url",
        "recordings_url",
        "openai_compatible_url",
        "openai_compatible_key",
        "master_key",
        "s3_access_key",
        "s3_secret_key",
    }
)


_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_SENDER = re.compile(r"([^<>\r\n]{1,100} <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)")


class Settings(BaseSettings):
    """Each field is the environment variable ``TRUNKLINE_<NAME>``; its description is the manual's."""

    model_config = SettingsConfigDict(env_prefix="TRUNKLINE_", extra="ignore", frozen=True, populate_by_name=True)

    data_dir: Path = Field(Path("data"), description="Where everything is kept: database, recordings, the master key.")
    database_url: str | None = Field(
        None, description="`postgresql://user:password@host/name`. Default: SQLite in the data directory.", repr=False
    )
    recordings_url: str | None = Field(
        None,
        repr=False,
        description="Where recordings lie: `file:///folder`, or `s3://bucket/prefix?endpoint=https://…&region=…` for "
        "S3-compatible storage. Default: `recordings` in the data directory.",
    )
    s3_access_key: SecretStr | None = Field(
        None, description="Access key of the recordings' bucket. Default: what the machine has (its role on AWS)."
    )
    s3_secret_key: SecretStr | None = Field(None, description="Secret key of the recordings' bucket.")
    http_listen: str = Field("127.0.0.1:8080", description="Address and port of the HTTP API.")
    public_url: str | None = Field(
        None,
        description="The address under which clients reach the API, for links in replies and webhooks. Default: "
        "`http://` and the listen address.",
    )
    metrics_listen: str | None = Field(
        None,
        description="Address and port of the figures for Prometheus (`GET /metrics`), open to whoever reaches it. Default: "
        "at the HTTP API, for clients on this machine alone.",
    )
    otlp_endpoint: str | None = Field(
        None,
        validation_alias=AliasChoices("TRUNKLINE_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="Where traces of calls are sent by OTLP/HTTP, as `http://127.0.0.1:4318`; `OTEL_EXPORTER_OTLP_ENDPOINT` "
        "does as well. Default: none are made.",
    )
    sip_listen: str = Field(
        "0.0.0.0:5060",
        description="Address and port of SIP. The stack cannot dial loopback unless it is pinned to it "
        "(`127.0.0.1:5060`), and pinned to it, it dials nothing else.",
    )
    rtp_ports: str = Field("20000-29999", description="The range of UDP ports for sound, two for each call.")
    stun: str | None = Field(None, description="STUN server `host:port`, where the machine is behind NAT.")
    sip_tls_ca: Path | None = Field(
        None,
        description="Certificate authorities that TLS trunks are checked against. Default: the system's.",
    )
    sip_digest: Literal["MD5", "SHA-256"] = Field(
        "MD5",
        description="By which digest callers prove that they have a trunk's credentials. Common phones and trunks know MD5 "
        "alone.",
    )
    sip_trace: bool = Field(False, description="Logs every SIP message. Contains phone numbers: for debugging only.")
    master_key: SecretStr | None = Field(
        None,
        description="Encrypts secrets at rest (Fernet keys). Several, separated by commas, rotate: the first encrypts, all "
        "decrypt. Default: made in the data directory at the first start.",
    )
    max_calls: int = Field(100, ge=1, le=250, description="How many calls this process holds at once.")
    rate_limit_per_minute: int = Field(100, ge=1, description="Requests a minute for each API key.")
    control_limit_per_minute: int = Field(10, ge=1, description="Control commands a minute for each call.")
    allow_insecure_webhooks: bool = Field(
        False, description="Allows `http` and private addresses for webhooks and tools. For development only."
    )
    webhook_allow_list: tuple[str, ...] = Field(
        (),
        description="Private addresses, networks or host names that webhooks and tools may reach all the same, as a JSON "
        'list: `["10.1.0.0/16"]`.',
    )
    default_stt: str = Field(
        "local/moonshine-tiny", description="`provider/model` of assistants that name no recogniser."
    )
    default_llm: str = Field(
        "local/scripted", description="`provider/model` of assistants that name no language model."
    )
    default_tts: str = Field("local/pico", description="`provider/model` of assistants that name no voice.")
    openai_compatible_url: str | None = Field(
        None,
        description="Base address of the operator's own model server with the chat completions protocol, for example "
        "`http://127.0.0.1:11434/v1`. Used by `openai_compatible` assistants without a `base_url`.",
    )
    openai_compatible_key: SecretStr | None = Field(
        None, description="Key for `TRUNKLINE_OPENAI_COMPATIBLE_URL`; sent to that address only."
    )
    anthropic_url: str | None = Field(
        None, description="The address of Anthropic, where another stands in. Default: the vendor's."
    )
    anthropic_key: SecretStr | None = Field(
        None, description="The platform's key for Anthropic, for organisations without their own."
    )
    deepgram_url: str | None = Field(
        None, description="The address of Deepgram, where another stands in. Default: the vendor's."
    )
    deepgram_key: SecretStr | None = Field(
        None, description="The platform's key for Deepgram, for organisations without their own."
    )
    elevenlabs_url: str | None = Field(
        None, description="The address of ElevenLabs, where another stands in. Default: the vendor's."
    )
    elevenlabs_key: SecretStr | None = Field(
        None, description="The platform's key for ElevenLabs, for organisations without their own."
    )
    gladia_url: str | None = Field(
        None, description="The address of Gladia, where another stands in. Default: the vendor's."
    )
    gladia_key: SecretStr | None = Field(
        None, description="The platform's key for Gladia, for organisations without their own."
    )
    google_url: str | None = Field(
        None, description="The address of Google (Gemini), where another stands in. Default: the vendor's."
    )
    google_speech_url: str | None = Field(
        None, description="The address of Google Cloud Text-to-Speech, where another stands in. Default: the vendor's."
    )
    google_key: SecretStr | None = Field(
        None, description="The platform's key for Google (Gemini), for organisations without their own."
    )
    inworld_url: str | None = Field(
        None, description="The address of Inworld, where another stands in. Default: the vendor's."
    )
    inworld_key: SecretStr | None = Field(
        None, description="The platform's key for Inworld, for organisations without their own."
    )
    mistral_url: str | None = Field(
        None, description="The address of Mistral, where another stands in. Default: the vendor's."
    )
    mistral_key: SecretStr | None = Field(
        None, description="The platform's key for Mistral, for organisations without their own."
    )
    openai_url: str | None = Field(
        None, description="The address of OpenAI, where another stands in. Default: the vendor's."
    )
    openai_key: SecretStr | None = Field(
        None, description="The platform's key for OpenAI, for organisations without their own."
    )
    resend_url: str | None = Field(
        None, description="The address of Resend, where another stands in. Default: the vendor's."
    )
    resend_key: SecretStr | None = Field(
        None, description="The platform's key for Resend, for e-mails of organisations without their own."
    )
    mail_from: str | None = Field(
        None,
        description="The sender of e-mailed reports where an organisation has no verified domain: an address of a domain "
        "that Resend has verified, also as `Name <reports@example.com>`.",
    )
    xai_url: str | None = Field(None, description="The address of xAI, if not the vendor's own.")
    xai_key: SecretStr | None = Field(
        None, description="The platform's key for xAI, for organisations without their own."
    )
    livekit: dict[str, dict[str, Any]] = Field(
        {},
        repr=False,
        description='Any other vendor by LiveKit Agents\' plugins, as JSON: `{"cartesia": {"api_key": "..."}}`; by '
        "plugin the arguments of its classes, those of one stage alone under `stt`, `llm` or `tts`.",
    )
    allow_private_model_urls: bool = Field(
        False, description="Lets assistants name a `base_url` on a private address. For installations with one client."
    )
    analysis_provider: str | None = Field(
        None, description="Who writes summary and analysis where the assistant's own model is not a text model."
    )
    analysis_model: str | None = Field(None, description="The model of `TRUNKLINE_ANALYSIS_PROVIDER`.")
    prices: str | None = Field(
        None,
        description="Prices in place of the catalogue's, in US dollars: JSON, or the path of a file with it. By stage, "
        'provider, model (or `*`) and unit: `{"stt": {"deepgram": {"nova-3": {"minute": 0.004}}}}`.',
    )
    platform_fee_per_minute: float = Field(
        0.0, ge=0, le=1000, allow_inf_nan=False, description="What an answered minute costs by itself, in US dollars."
    )
    scheduled_late_seconds: float = Field(
        300.0,
        ge=1,
        le=86400,
        description="How long after its time a scheduled call may still be dialled, where there was no room for it or the "
        "platform was not running. Later it fails.",
    )
    worker_name: str = Field(
        "worker-1",
        min_length=1,
        description="The stable name of this process; calls it lost are ended at its next start.",
    )
    drain_seconds: float = Field(30.0, ge=0, description="How long calls may go on after the order to stop.")
    log_level: str = Field(
        "INFO", pattern="^(?i:debug|info|warning|error)$", description="debug, info, warning or error."
    )
    log_json: bool = Field(False, description="Logs as JSON lines.")

    @field_validator("http_listen", "sip_listen", "metrics_listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"must be an address and a port, as 127.0.0.1:8080, and not {value!r}")
        return value

    @field_validator("sip_listen")
    @classmethod
    def _ipv4(cls, value: str) -> str:
        try:
            IPv4Address(value.rpartition(":")[0])
        except ValueError:
            raise ValueError(f"must begin with an IPv4 address, as 0.0.0.0:5060, and not {value!r}") from None
        return value

    @field_validator("rtp_ports")
    @classmethod
    def _range(cls, value: str) -> str:
        found = _RANGE.fullmatch(value)
        if found is None or not 1024 <= int(found[1]) < int(found[2]) < 65536:
            raise ValueError(f"must be a range of ports from 1024 up, as 20000-29999, and not {value!r}")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is not None and not _SENDER.fullmatch(value):
            raise ValueError(
                "must be an e-mail address, or a name with one behind it, as Reports <reports@example.com>"
            )
        return value

    @field_validator("default_stt", "default_llm", "default_tts")
    @classmethod
    def _provider_and_model(cls, value: str) -> str:
        if not value.partition("/")[0]:
            raise ValueError("must be provider/model, as local/pico")
        return value

    def of_vendors(self, what: str) -> dict[str, Any]:
        """What is set for vendors, by vendor: their ``url`` or ``key``."""
        ending = f"_{what}"
        names = [name for name in type(self).model_fields if name.endswith(ending)]
        return {
            name.removesuffix(ending): value
            for name in names
            if name not in _NOT_VENDORS and (value := getattr(self, name)) is not None
        }

    def own_prices(self) -> dict[str, Any]:
        """The operator's prices. Raises Invalid with one line for each that is wrong."""
        if self.prices is None:
            return {}
        try:
            text = self.prices if self.prices.lstrip().startswith("{") else Path(self.prices).read_text("utf-8")
            prices = json.loads(text)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "is no JSON"
            raise Invalid(_WRONG, details=[f"TRUNKLINE_PRICES: {why}"]) from None
        if wrong := price_problems(prices):
            raise Invalid(_WRONG, details=[f"TRUNKLINE_PRICES: {problem}" for problem in wrong])
        return dict(prices)

    @property
    def url(self) -> str:
        """The public address, the default filled in, without a slash at the end."""
        return (self.public_url or f"http://{self.http_listen}").rstrip("/")


def stage_default(text: str) -> dict[str, str]:
    """``provider/model`` as the start of a stage's configuration."""
    provider, _, model = text.partition("/")
    return {"provider": provider, **({"model": model} if model else {})}


def load() -> Settings:
    """Reads the environment. Raises Invalid with one line for each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        details = [
            f"TRUNKLINE_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        ]
        raise Invalid(_WRONG, details=details) from None
    except SettingsError as error:
        name = str(error).partition('"')[2].partition('"')[0]
        raise Invalid(
            _WRONG, details=[f'TRUNKLINE_{name.upper()}: must be JSON, as a list is: ["one", "two"]']
        ) from None
