"""The objects of the API, as its OpenAPI document describes them. Made by ``make docs``; do not edit."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class Actor(TypedDict):
    """Who made a change."""

    kind: Literal["api_key", "operator", "platform"]
    """`api_key`: a key of the organisation, or of yours where you act for a child; `operator`: whoever runs the
    installation for you; `platform`: by itself.
    """
    id: str | None
    """The id of the API key; else null."""
    name: str | None
    """The name of the API key; else null."""


class AddedReply(TypedDict):
    """The leads that were added."""

    lead: Lead | None
    """The lead, where one was sent."""
    added: int
    """How many were added."""
    skipped: int
    """How many of them are passed over, because the campaign has their number already."""
    warnings: list[LeadWarning]
    """What is to be known of them."""
    errors: list[str]
    """With `skip_invalid`: what was wrong with those that were left out."""


class AnalysisPlan(TypedDict):
    """What is made of a call after it ended."""

    structured_data_plan: NotRequired[StructuredDataPlan]
    """What to extract."""
    min_messages_threshold: NotRequired[int]
    """Calls with fewer messages are not analysed."""
    success_evaluation: NotRequired[SuccessEvaluation]
    """Whether to judge success."""


class AnalysisTemplate(TypedDict):
    """What to extract from calls, for assistants that use it by its id."""

    id: str
    """Its id."""
    org_id: str
    """Whose it is."""
    name: str
    """Its name."""
    description: str | None
    """What it is for; a note for people."""
    schema: dict[str, Any]
    """A JSON Schema of the result."""
    system_prompt: str | None
    """What the model is told; null: to extract the data."""
    user_prompt: str | None
    """What it is asked; null: the transcript."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When it was last changed."""


class AnalysisTemplateChanges(TypedDict):
    """Only what is given changes."""

    name: NotRequired[str]
    """Its name."""
    description: NotRequired[str | None]
    """What it is for; a note for people."""
    schema: NotRequired[dict[str, Any]]
    """A JSON Schema of the result."""
    system_prompt: NotRequired[str | None]
    """What the model is told; left out, to extract the data. `{transcript}`, `{summary}`, `{duration}` and
    `{caller_number}` stand for those of the call.
    """
    user_prompt: NotRequired[str | None]
    """What it is asked; left out, the transcript. `{transcript}`, `{summary}`, `{duration}` and
    `{caller_number}` stand for those of the call.
    """


class AnalysisTemplateReply(TypedDict):
    """One analysis template."""

    analysis_template: AnalysisTemplate
    """The template."""


class AnalysisTemplateSettings(TypedDict):
    """An analysis template as a client writes it."""

    name: str
    """Its name."""
    description: NotRequired[str | None]
    """What it is for; a note for people."""
    schema: dict[str, Any]
    """A JSON Schema of the result."""
    system_prompt: NotRequired[str | None]
    """What the model is told; left out, to extract the data. `{transcript}`, `{summary}`, `{duration}` and
    `{caller_number}` stand for those of the call.
    """
    user_prompt: NotRequired[str | None]
    """What it is asked; left out, the transcript. `{transcript}`, `{summary}`, `{duration}` and
    `{caller_number}` stand for those of the call.
    """


class AnalysisTemplatesReply(TypedDict):
    """A page of analysis templates, newest first."""

    analysis_templates: list[AnalysisTemplate]
    """The templates."""
    data: list[AnalysisTemplate]
    """The same list."""
    total: int
    """How many there are in all."""
    limit: int
    """How many were asked for at most."""
    offset: int
    """How many were passed over."""
    pagination: Pagination
    """The same three."""


class ApiKey(TypedDict):
    """An API key, without the key itself."""

    id: str
    """Its id."""
    name: str
    """What it is for."""
    prefix: str
    """Its readable beginning."""
    scopes: list[Literal["read", "write", "calls"]]
    """What it may do."""
    expires_at: str | None
    """When it stops working."""
    last_used_at: str | None
    """When it was last used, to the minute."""
    revoked_at: str | None
    """When it was revoked."""
    created_at: str
    """When it was made."""


class Assistant(TypedDict):
    """An assistant."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    business_name: str | None
    """On whose behalf it calls."""
    notification_email: str | None
    """Where reports are e-mailed."""
    notification_emails: list[str]
    """Where else reports are e-mailed."""
    first_message: str | None
    """Its first words; without them it waits to be spoken to."""
    is_active: bool
    """Inactive assistants place no calls."""
    max_duration_seconds: int
    """The longest call, counted from the answer."""
    autonomous_silence_handling: bool
    """Whether it checks in when nobody speaks."""
    silence_timeout_seconds: int
    """Silence that ends the call (without check-ins)."""
    voicemail_detection: bool
    """Outbound: whether it notices that a machine answered."""
    voicemail_message: str | None
    """What it leaves on a machine; null: it hangs up."""
    gdpr_mode: bool
    """Whether it records nothing and forgets the transcript."""
    recording_enabled: bool
    """Whether calls are recorded in stereo."""
    recording_consent: RecordingConsent
    """Inbound: whether and how callers are asked first."""
    webhook_url: str | None
    """Where events go."""
    webhook_secret: None
    """Never shown; see `webhook_secret_set`."""
    webhook_secret_set: bool
    """Whether there is a secret."""
    webhook_events: list[Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]]
    """The events that are sent."""
    analysis_plan: AnalysisPlan
    """What is made of a call afterwards."""
    llm_config: LlmConfig
    """The model and its prompt; secrets of tools are null."""
    stt_config: SttConfig | None
    """The recogniser."""
    tts_config: TtsConfig | None
    """The voice."""
    speech_config: SpeechConfig
    """Manners of speech."""
    version: int
    """Counts its changes, from 1."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When it was last changed."""


class AssistantChanges(TypedDict):
    """Only what is given changes."""

    business_name: NotRequired[str | None]
    """On whose behalf it calls."""
    first_message: NotRequired[str | None]
    """Its first words; without them it waits to be spoken to."""
    max_duration_seconds: NotRequired[int]
    """The longest call, counted from the answer."""
    autonomous_silence_handling: NotRequired[bool]
    """Check in when nobody speaks, before ending the call."""
    silence_timeout_seconds: NotRequired[int]
    """Silence that ends the call (without check-ins)."""
    voicemail_detection: NotRequired[bool]
    """Outbound: notice that a machine answered, and act on it."""
    voicemail_message: NotRequired[str | None]
    """Left after the beep of a voicemail; without it the call ends when one is noticed."""
    recording_consent: NotRequired[RecordingConsent]
    """Inbound: asks before it listens."""
    gdpr_mode: NotRequired[bool]
    """Record nothing, and forget transcript and analysis after the report."""
    recording_enabled: NotRequired[bool]
    """Record the call in stereo."""
    webhook_url: NotRequired[str | None]
    """Where events go; left out, to the address of the organisation."""
    webhook_secret: NotRequired[str | None]
    """Signs the events; write-only, returned as null."""
    webhook_events: NotRequired[list[Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]]]
    """The events that are sent."""
    analysis_plan: NotRequired[AnalysisPlan]
    """What is made of a call afterwards."""
    speech_config: NotRequired[SpeechConfig]
    """Manners of speech."""
    name: NotRequired[str]
    """Its name."""
    notification_email: NotRequired[str | None]
    """Where the report of each call is e-mailed."""
    notification_emails: NotRequired[list[str]]
    """Where else the report of each call is e-mailed, up to five; each gets its own."""
    is_active: NotRequired[bool]
    """Inactive assistants place no calls."""
    llm_config: NotRequired[LlmConfig | None]
    """The model and its prompt."""
    stt_config: NotRequired[SttConfig | None]
    """The recogniser."""
    tts_config: NotRequired[TtsConfig | None]
    """The voice."""


class AssistantReply(TypedDict):
    """One assistant."""

    assistant: Assistant
    """The assistant."""


class AssistantSettings(TypedDict):
    """A stored assistant as a client writes it: only ``name`` is required."""

    business_name: NotRequired[str | None]
    """On whose behalf it calls."""
    first_message: NotRequired[str | None]
    """Its first words; without them it waits to be spoken to."""
    max_duration_seconds: NotRequired[int]
    """The longest call, counted from the answer."""
    autonomous_silence_handling: NotRequired[bool]
    """Check in when nobody speaks, before ending the call."""
    silence_timeout_seconds: NotRequired[int]
    """Silence that ends the call (without check-ins)."""
    voicemail_detection: NotRequired[bool]
    """Outbound: notice that a machine answered, and act on it."""
    voicemail_message: NotRequired[str | None]
    """Left after the beep of a voicemail; without it the call ends when one is noticed."""
    recording_consent: NotRequired[RecordingConsent]
    """Inbound: asks before it listens."""
    gdpr_mode: NotRequired[bool]
    """Record nothing, and forget transcript and analysis after the report."""
    recording_enabled: NotRequired[bool]
    """Record the call in stereo."""
    webhook_url: NotRequired[str | None]
    """Where events go; left out, to the address of the organisation."""
    webhook_secret: NotRequired[str | None]
    """Signs the events; write-only, returned as null."""
    webhook_events: NotRequired[list[Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]]]
    """The events that are sent."""
    analysis_plan: NotRequired[AnalysisPlan]
    """What is made of a call afterwards."""
    speech_config: NotRequired[SpeechConfig]
    """Manners of speech."""
    name: str
    """Its name."""
    notification_email: NotRequired[str | None]
    """Where the report of each call is e-mailed."""
    notification_emails: NotRequired[list[str]]
    """Where else the report of each call is e-mailed, up to five; each gets its own."""
    is_active: NotRequired[bool]
    """Inactive assistants place no calls."""
    llm_config: NotRequired[LlmConfig | None]
    """The model and its prompt."""
    stt_config: NotRequired[SttConfig | None]
    """The recogniser."""
    tts_config: NotRequired[TtsConfig | None]
    """The voice."""


class AssistantsReply(TypedDict):
    """A page of assistants, newest first."""

    assistants: list[Assistant]
    """The assistants."""
    pagination: Pagination
    """Which part this is."""


class Attempt(TypedDict):
    """One attempt to deliver."""

    at: str
    """When."""
    status_code: int | None
    """What the receiver answered."""
    duration_ms: float
    """How long it took."""
    error: str | None
    """What went wrong."""
    reply: str | None
    """The first 2 KiB of the answer."""


class AuditEntry(TypedDict):
    """One change."""

    id: str
    """Its id."""
    at: str
    """When it was made."""
    actor: Actor
    """Who made it."""
    action: str
    """What was done: `created`, `updated`, `deleted`, `revoked`, `redelivered`."""
    noun: Literal[
        "analysis_template",
        "api_key",
        "assistant",
        "campaign",
        "do_not_call_entry",
        "domain",
        "number",
        "organization",
        "provider_key",
        "sip_trunk",
        "tool_template",
        "webhook_delivery",
    ]
    """What was changed."""
    item_id: str
    """The id of what was changed; of a provider key the vendor."""
    changes: dict[str, Any]
    """`{field: [before, after]}`; `"changed"` for a secret. A value of more than 32 KiB is told by its size."""
    request_id: str | None
    """The `X-Request-Id` of the request that made it."""


class AuditReply(TypedDict):
    """A page of changes, newest first."""

    entries: list[AuditEntry]
    """The changes."""
    pagination: Pagination
    """Which part this is."""


class BackgroundAudio(TypedDict):
    """A sound that is heard behind the assistant for the whole call."""

    enabled: NotRequired[bool]
    """Whether it is played."""
    clip: NotRequired[Literal["office", "city", "forest", "crowded_room"]]
    """Which one."""
    volume: NotRequired[float]
    """How loud, from silent (0) to as loud as speech (1)."""


class ByokConfigReply(TypedDict):
    """What there is to choose from, and what you chose."""

    providers: list[Provider]
    """Every provider, once for each stage."""
    byok_config: dict[str, ProviderDefaults]
    """Your defaults, by provider."""


class ByokConfigSet(TypedDict):
    """Your defaults."""

    byok_config: dict[str, ProviderDefaults]
    """All of them, by provider."""


class ByokReply(TypedDict):
    """Which keys of yours are stored."""

    success: bool
    """Always true."""
    byok_keys: SecretIds
    """Their ids."""


class Call(TypedDict):
    """A call."""

    id: str
    """Its id."""
    direction: Direction
    """Outbound, inbound or web."""
    status: CallStatus
    """Where it stands; ended, failed, rejected and transferred are final."""
    end_reason: EndReason | None
    """Why it ended."""
    error: str | None
    """What broke, where something did."""
    caller_phone: str | None
    """The other party."""
    assistant_phone: str | None
    """Our number."""
    phone_number: str | None
    """The same as `assistant_phone`."""
    number_id: str | None
    """Our number's id."""
    agent_id: str | None
    """The same as `assistant_id`."""
    assistant_id: str | None
    """The stored assistant, where there was one."""
    agent_name: str | None
    """The same as `assistant_name`."""
    assistant_name: str | None
    """The assistant's name."""
    business_name: str | None
    """On whose behalf it called."""
    started_at: str | None
    """When it was answered."""
    ended_at: str | None
    """When it ended."""
    duration_seconds: int | None
    """How long the answered part was."""
    summary: str | None
    """What it came to."""
    analysis_result: dict[str, Any] | None
    """What the analysis plan asked for."""
    messages: list[Message]
    """The transcript."""
    recording_url: str | None
    """Where the recording can be had for an hour, without a key."""
    room_name: None
    """Always null."""
    metadata: dict[str, Any]
    """Your own data."""
    scheduled_at: str | None
    """When it was to be placed, where that was settled beforehand."""
    campaign_id: str | None
    """The campaign that placed it."""
    lead_id: str | None
    """The lead of that campaign."""
    assistant: dict[str, Any]
    """The configuration it ran on, without secrets."""
    latency: CallLatency | None
    """Milliseconds per turn, with p50 and p95 over the call; null until it ended, or without turns."""
    cost: CallCost | None
    """What it cost; null until it ended."""
    sip: Sip | None
    """The phone leg; null until it is dialled."""
    created_at: str
    """When it was placed."""
    updated_at: str
    """When it last changed."""


class CallCost(TypedDict):
    """What a call cost, by the catalogue's prices and the operator's."""

    currency: Literal["USD"]
    """Always USD."""
    total: float
    """The stages that ran on the platform's keys, and the platform's fee."""
    platform_fee: float
    """The platform's fee for the answered part."""
    stages: list[StageCost]
    """Each provider that was used."""
    unpriced: list[str]
    """What has no price and is not in `total`: stage, provider/model."""


class CallLatency(TypedDict):
    """How quick the assistant was."""

    turns: list[TurnLatencies]
    """Each turn that was measured."""
    p50: Latencies
    """The median of each part (nearest rank)."""
    p95: Latencies
    """The 95th percentile of each part (nearest rank)."""


class CallsReply(TypedDict):
    """A page of calls, newest first."""

    calls: list[Call]
    """The calls."""
    pagination: Pagination
    """Which part this is."""


class Campaign(TypedDict):
    """A campaign: one assistant calls many."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    assistant_id: str | None
    """Who speaks; null when that assistant was removed."""
    agent_id: str | None
    """The same as `assistant_id`."""
    number_ids: list[str]
    """The numbers that its calls show; none: any that can call out."""
    status: Literal["draft", "scheduled", "paused", "completed", "cancelled"]
    """`scheduled`: it calls, within its hours."""
    pause_reason: str | None
    """Why the platform paused it; null where a client did."""
    system_message_template: str | None
    """In place of the assistant's system messages."""
    schedule_start_time: str | None
    """From when on it calls, `HH:MM:SS`."""
    schedule_end_time: str | None
    """Until when it calls, `HH:MM:SS`, exclusive."""
    timezone: str
    """Whose clock counts: a zone of the IANA database, or `callee`."""
    days_of_week: list[int]
    """On which days: 1 Monday to 7 Sunday."""
    max_concurrent_calls: int | None
    """The most calls of it at once."""
    calls_per_minute: int | None
    """The most calls that it places in a minute."""
    max_attempts: int
    """How often a lead is called at most."""
    retry_delay_minutes: int
    """How long after a call that is to be repeated the next one comes."""
    retry_on: list[str]
    """After which end reasons a lead is called again."""
    total_leads: int
    """All its leads."""
    completed_leads: int
    """Those that were reached."""
    failed_leads: int
    """Those whose call failed."""
    no_answer_leads: int
    """Those that were not reached."""
    skipped_leads: int
    """Those that were passed over; each has its `error`."""
    pending_leads: int
    """Those that are to be called, for the first time or again."""
    calling_leads: int
    """Those that are being called now."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When it, or its list of leads, was last changed."""


class CampaignChanges(TypedDict):
    """Only what is given changes."""

    name: NotRequired[str]
    """Its name."""
    assistant_id: NotRequired[str | None]
    """Who speaks; needed before it is scheduled. Must be active."""
    number_ids: NotRequired[list[str]]
    """The numbers that its calls show; none: any that can call out."""
    system_message_template: NotRequired[str | None]
    """Takes the place of the assistant's system messages in this campaign's calls; `{{...}}` is filled from the
    lead: its `name`, `phone_number` and `variables`.
    """
    schedule_start_time: NotRequired[str | None]
    """From when on it calls, `HH:MM:SS` in its time zone; null: midnight."""
    schedule_end_time: NotRequired[str | None]
    """Until when, exclusive; earlier than the start: past midnight; null: midnight."""
    timezone: NotRequired[str]
    """A zone of the IANA database, or `callee`: each number's own, found by its digits."""
    days_of_week: NotRequired[
        list[
            int
            | Literal[
                "monday",
                "mon",
                "tuesday",
                "tue",
                "wednesday",
                "wed",
                "thursday",
                "thu",
                "friday",
                "fri",
                "saturday",
                "sat",
                "sunday",
                "sun",
            ]
        ]
    ]
    """On which days: 1 Monday to 7 Sunday (0 and names are taken too). A night belongs to the day before it."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls of it at once; null: what the organisation and its trunks allow."""
    calls_per_minute: NotRequired[int | None]
    """The most calls that it places in a minute, evenly spread; null: no limit."""
    max_attempts: NotRequired[int]
    """How often a lead is called at most."""
    retry_delay_minutes: NotRequired[int]
    """How long after a call that is to be repeated the next one comes."""
    retry_on: NotRequired[
        list[
            Literal[
                "busy",
                "declined",
                "failed",
                "insufficient_credits",
                "internal_error",
                "invalid_destination",
                "media_timeout",
                "no_answer",
                "provider_error",
                "silence_timeout",
                "trunk_auth_failed",
                "trunk_error",
                "trunk_unreachable",
                "voicemail_detected",
                "worker_lost",
            ]
        ]
    ]
    """After which end reasons a lead is called again while attempts are left; `failed` stands for all that leave
    it failed.
    """
    status: NotRequired[Literal["draft", "scheduled", "paused", "completed", "cancelled"]]
    """A client sets `scheduled` (also to resume), `paused` and `cancelled`."""
    agent_id: NotRequired[str | None]
    """Older name of `assistant_id`."""


class CampaignReply(TypedDict):
    """One campaign."""

    campaign: Campaign
    """The campaign."""


class CampaignSettings(TypedDict):
    """What of a campaign can be changed."""

    name: str
    """Its name."""
    assistant_id: NotRequired[str | None]
    """Who speaks; needed before it is scheduled. Must be active."""
    number_ids: NotRequired[list[str]]
    """The numbers that its calls show; none: any that can call out."""
    system_message_template: NotRequired[str | None]
    """Takes the place of the assistant's system messages in this campaign's calls; `{{...}}` is filled from the
    lead: its `name`, `phone_number` and `variables`.
    """
    schedule_start_time: NotRequired[str | None]
    """From when on it calls, `HH:MM:SS` in its time zone; null: midnight."""
    schedule_end_time: NotRequired[str | None]
    """Until when, exclusive; earlier than the start: past midnight; null: midnight."""
    timezone: NotRequired[str]
    """A zone of the IANA database, or `callee`: each number's own, found by its digits."""
    days_of_week: NotRequired[
        list[
            int
            | Literal[
                "monday",
                "mon",
                "tuesday",
                "tue",
                "wednesday",
                "wed",
                "thursday",
                "thu",
                "friday",
                "fri",
                "saturday",
                "sat",
                "sunday",
                "sun",
            ]
        ]
    ]
    """On which days: 1 Monday to 7 Sunday (0 and names are taken too). A night belongs to the day before it."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls of it at once; null: what the organisation and its trunks allow."""
    calls_per_minute: NotRequired[int | None]
    """The most calls that it places in a minute, evenly spread; null: no limit."""
    max_attempts: NotRequired[int]
    """How often a lead is called at most."""
    retry_delay_minutes: NotRequired[int]
    """How long after a call that is to be repeated the next one comes."""
    retry_on: NotRequired[
        list[
            Literal[
                "busy",
                "declined",
                "failed",
                "insufficient_credits",
                "internal_error",
                "invalid_destination",
                "media_timeout",
                "no_answer",
                "provider_error",
                "silence_timeout",
                "trunk_auth_failed",
                "trunk_error",
                "trunk_unreachable",
                "voicemail_detected",
                "worker_lost",
            ]
        ]
    ]
    """After which end reasons a lead is called again while attempts are left; `failed` stands for all that leave
    it failed.
    """
    status: NotRequired[Literal["draft", "scheduled", "paused", "completed", "cancelled"]]
    """A client sets `scheduled` (also to resume), `paused` and `cancelled`."""
    agent_id: NotRequired[str | None]
    """Older name of `assistant_id`."""


class CampaignsReply(TypedDict):
    """A page of campaigns, newest first."""

    campaigns: list[Campaign]
    """The campaigns."""
    pagination: Pagination
    """Which part this is."""


class Check(TypedDict):
    """One part of the platform; what else it tells depends on the part."""

    status: Literal["ok", "busy", "down"]
    """`busy` works, and has no room for more calls now."""


class Child(TypedDict):
    """An organisation below another."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    created_at: str
    """When it was made."""


class ChoicesReply(TypedDict):
    """What can be chosen, and what was."""

    domains: list[DomainChoice]
    """The domains of the account that the key opens."""
    selected_domain_id: str | None
    """Resend's id of the chosen one."""


class ChosenDomain(TypedDict):
    """A domain that the vendor knows already."""

    resend_domain_id: NotRequired[str]
    """Its id at Resend."""
    resendDomainId: NotRequired[str]
    """Another name of `resend_domain_id`."""
    domain_id: NotRequired[str]
    """Another name of `resend_domain_id`."""


class ControlReply(TypedDict):
    """The order is on its way; what became of it follows as an event."""

    success: Literal[True]
    """Always true."""
    message: str
    """For people."""
    command_id: str
    """Stands in the event that tells what became of it."""


class CreatedApiKey(TypedDict):
    """An API key that was just made."""

    id: str
    """Its id."""
    name: str
    """What it is for."""
    prefix: str
    """Its readable beginning."""
    scopes: list[Literal["read", "write", "calls"]]
    """What it may do."""
    expires_at: str | None
    """When it stops working."""
    last_used_at: str | None
    """When it was last used, to the minute."""
    revoked_at: str | None
    """When it was revoked."""
    created_at: str
    """When it was made."""
    key: str
    """The key itself, shown this once."""


class CreatedOrganisation(TypedDict):
    """A child that was just made."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    email: str | None
    """Where the operator reaches it."""
    minutes_balance: float | None
    """Minutes left; null: not metered."""
    credits_balance: float | None
    """Credit left; null: not metered."""
    monthly_usage_minutes: float
    """Answered minutes of this calendar month (UTC)."""
    active_numbers: int
    """How many active numbers it has."""
    active_agents: int
    """How many active assistants it has."""
    active_calls: int
    """How many calls are going on."""
    has_local_models_access: bool
    """Whether its assistants may use the providers `local`; the operator decides."""
    parent_org_id: str | None
    """The parent's id, for the parent that acts for this child; null for everybody else."""
    webhook_url: str | None
    """Where events go when the assistant has no address."""
    webhook_secret: None
    """Never shown; see `webhook_secret_set`."""
    webhook_secret_set: bool
    """Whether there is a secret."""
    max_concurrent_calls: int | None
    """The most calls at once; null: no limit of its own."""
    guaranteed_concurrent_calls: int | None
    """How many calls at once it is sure to get, together with its children; null: none."""
    monthly_minutes_limit: float | None
    """The most answered minutes in a calendar month (UTC); null: no limit."""
    content_retention_days: int
    """For how many days what was said on a call is kept."""
    metadata_retention_days: int
    """For how many days a call is kept."""
    children: NotRequired[list[Child] | None]
    """Only with `include_children`."""
    created_at: str
    """When it was made."""
    api_key: str
    """Its first key; shown this once."""


class DeliveriesReply(TypedDict):
    """A page of deliveries, newest first."""

    deliveries: list[Delivery]
    """The deliveries."""
    pagination: Pagination
    """Which part this is."""


class Delivery(TypedDict):
    """One thing that a receiver is told."""

    id: str
    """Its id, and the `webhook-id` of the request."""
    call_id: str
    """The call it tells of."""
    event: str
    """What it tells: status-update or end-of-call-report."""
    url: str
    """Where it goes; `mailto:` and an address for a report by e-mail."""
    status: Literal["pending", "delivered", "dead"]
    """`dead` after the last try."""
    attempts: list[Attempt]
    """All tries so far."""
    next_attempt_at: str | None
    """When it is tried next."""
    created_at: str
    """When it was written."""


class DeliveryDetailed(TypedDict):
    """One thing that a receiver is told, with the words."""

    id: str
    """Its id, and the `webhook-id` of the request."""
    call_id: str
    """The call it tells of."""
    event: str
    """What it tells: status-update or end-of-call-report."""
    url: str
    """Where it goes; `mailto:` and an address for a report by e-mail."""
    status: Literal["pending", "delivered", "dead"]
    """`dead` after the last try."""
    attempts: list[Attempt]
    """All tries so far."""
    next_attempt_at: str | None
    """When it is tried next."""
    created_at: str
    """When it was written."""
    body: str | None
    """What is sent, as JSON; null once it has been deleted."""


class DeliveryReply(TypedDict):
    """One delivery."""

    delivery: DeliveryDetailed
    """The delivery."""


class DnsRecord(TypedDict):
    """One DNS record that the domain needs."""

    record: str
    """What it is for: SPF, DKIM."""
    name: str
    """Its name, below the domain."""
    type: str
    """MX, TXT or CNAME."""
    ttl: str
    """How long it may be remembered; `Auto` leaves it to you."""
    status: str
    """Whether it was found."""
    value: str
    """What it must say."""
    priority: int | None
    """Of an MX record."""


class DoNotCallEntry(TypedDict):
    """Somebody whom the organisation's assistants must not call."""

    id: str
    """Its id."""
    phone_number: str
    """E.164, or a SIP URI without port and parameters."""
    reason: str | None
    """Why; a note for people."""
    created_at: str
    """When the party got on the list."""


class Domain(TypedDict):
    """The domain that reports are e-mailed from."""

    id: str
    """Its id."""
    org_id: str
    """Whose it is."""
    domain_name: str
    """Its name."""
    resend_domain_id: str
    """Its id at Resend."""
    status: Literal["not_started", "pending", "verified", "failed"]
    """`verified` sends; `failed`: the records were not found."""
    region: str | None
    """Where Resend sends from."""
    records: list[DnsRecord]
    """The DNS records that it needs."""
    created_at: str
    """When it was registered or chosen here."""
    updated_at: str
    """When something of it last changed."""
    verified_at: str | None
    """Since when it is known to be verified."""


class DomainChoice(TypedDict):
    """A domain that can be chosen."""

    id: str
    """Its id at Resend."""
    name: str
    """Its name."""
    status: Literal["not_started", "pending", "verified", "failed"]
    """`verified` sends; `failed`: the records were not found."""
    region: str | None
    """Where Resend sends from."""


class DomainNamed(TypedDict):
    """Which domain, for those who want to say; an organisation has one."""

    domain_id: NotRequired[str | None]
    """Its id, ours or Resend's; another gives 404."""


class DomainReply(TypedDict):
    """One domain."""

    domain: Domain
    """The domain."""


class DomainsReply(TypedDict):
    """The organisation's domain, alone and as a list of one or none."""

    domain: Domain | None
    """The domain; null where there is none."""
    domains: list[Domain]
    """The same as a list."""


class EndCall(TypedDict):
    """Ends the call, or cancels it before it is answered."""

    type: Literal["end-call"]
    """Which order this is."""
    message: NotRequired[str | None]
    """Last words."""


class EndCallTool(TypedDict):
    """Lets the model end the call."""

    type: Literal["end_call", "endCall"]
    """`end_call`; `endCall` is the deprecated spelling."""


class EntriesAddedReply(TypedDict):
    """The entries of the parties that were sent."""

    entry: DoNotCallEntry | None
    """With `phone_number`: its entry; null with `phone_numbers`."""
    entries: list[DoNotCallEntry]
    """All of them, each once, in the order in which they were sent."""


class EntriesReply(TypedDict):
    """A page of the list, newest first."""

    entries: list[DoNotCallEntry]
    """The entries."""
    pagination: Pagination
    """Which part this is."""


class Error(TypedDict):
    """Every error, whatever its status."""

    error: str
    """A short title."""
    message: str
    """What to do about it."""
    code: str
    """Stable; for programs."""
    details: NotRequired[list[str]]
    """On validation errors: `<field>: <problem>`, one each."""
    retry_after: NotRequired[int | None]
    """With 429 and 503: seconds to wait."""


FlatWebhookTool = TypedDict(
    "FlatWebhookTool",
    {
        "name": "str",
        "description": "NotRequired[str]",
        "parameters": "NotRequired[dict[str, Any]]",
        "url": "str",
        "async": "NotRequired[bool]",
        "async_response": "NotRequired[str | None]",
    },
)
"""A webhook tool in the flat form."""


class FunctionSpec(TypedDict):
    """A function as models are told of it; ``parameters`` is a JSON Schema."""

    name: str
    """What the model calls it by."""
    description: NotRequired[str]
    """When and what for the model should use it."""
    parameters: NotRequired[dict[str, Any]]
    """The arguments as a JSON Schema."""


class HealthReply(TypedDict):
    """Whether the platform can take calls."""

    status: Literal["ok", "down"]
    """`ok` with 200, `down` with 503."""
    timestamp: str
    """When this was found out."""
    version: str
    """The version of the platform."""
    checks: dict[str, Check]
    """By part: `database` (with `latency_ms`), `sip` (with `listen`, `live_legs`, `agents`), `workers` (with
    `room`, how many more calls fit).
    """


class InjectContext(TypedDict):
    """Tells the model something."""

    type: Literal["inject-context"]
    """Which order this is."""
    content: str
    """What it should know."""
    trigger_response: NotRequired[bool]
    """Whether it speaks about it at once."""


class KeysReply(TypedDict):
    """A page of keys, newest first."""

    api_keys: list[ApiKey]
    """The keys."""
    pagination: Pagination
    """Which part this is."""


class LadderReply(TypedDict):
    """The SIP messages of a call."""

    call_id: str
    """Whose they are."""
    complete: bool
    """Whether they are all there: false while the call goes on, and once its content was deleted."""
    messages: list[SipMessage]
    """In the order of their time, at most 100."""
    omitted: int
    """How many from the middle of a longer ladder were left out."""


class Latencies(TypedDict):
    """Milliseconds; null where a part did not happen."""

    end_of_turn: float | None
    """From the end of their speech to the decision that it was the turn's."""
    stt: float | None
    """From the end of their speech to its final text."""
    llm_first_token: float | None
    """From the request to the model's first words."""
    tts_first_audio: float | None
    """From the request to the voice's first sound."""
    heard: float | None
    """From the end of their speech to our first sample on the wire."""
    added: float | None
    """`heard` less the configured wait and the providers' times: ours."""


class Lead(TypedDict):
    """Somebody whom a campaign calls."""

    id: str
    """Its id."""
    campaign_id: str
    """The campaign."""
    phone_number: str
    """E.164."""
    name: str | None
    """Who that is."""
    variables: dict[str, str]
    """What fills `{{...}}`."""
    status: Literal["pending", "calling", "completed", "failed", "no_answer", "skipped"]
    """`pending`: to be called, for the first time or again."""
    error: str | None
    """Why it was passed over, or how its latest call ended."""
    call_id: str | None
    """Its latest call."""
    attempts: int
    """How often it was called."""
    next_attempt_at: str | None
    """Not to be called before; null: in its turn."""
    last_attempt_at: str | None
    """When it was last called."""
    created_at: str
    """When it was added."""
    updated_at: str
    """When it last changed."""


class LeadSettings(TypedDict):
    """Somebody to be called, as a client writes it."""

    phone_number: str
    """E.164."""
    name: NotRequired[str | None]
    """Who that is; fills `{{name}}`."""
    variables: NotRequired[dict[str, str]]
    """Fills `{{...}}` in all that the assistant says and is told; 16 KiB."""


class LeadWarning(TypedDict):
    """What is to be known of a lead that was taken."""

    lead: str
    """Its id."""
    row: int
    """Where it stood: its place in `leads` from 0, or its line in the file from 1."""
    phone_number: str
    """Its number."""
    missing: list[str]
    """The variables that it lacks; without them it is passed over."""
    message: str
    """What is the matter."""


class LeadsReply(TypedDict):
    """A page of leads, in their order."""

    leads: list[Lead]
    """The leads."""
    pagination: Pagination
    """Which part this is."""


class LlmConfig(TypedDict):
    """Which model thinks, what it is told, and which tools it has."""

    provider: str
    """The provider, as `local` or `openai`."""
    model: NotRequired[str | None]
    """The model; left out, the default of the provider."""
    temperature: NotRequired[float]
    """How freely it chooses its words."""
    max_completion_tokens: NotRequired[int | None]
    """The longest reply, in tokens."""
    reasoning_effort: NotRequired[Literal["none", "minimal", "low", "medium", "high"] | None]
    """How long it thinks before it speaks, where the model can think; left out, as little as it can."""
    voice: NotRequired[str | None]
    """Only realtime models: the voice; left out, the default of the provider."""
    turn_detection: NotRequired[TurnDetection | None]
    """Only realtime models: how turns are noticed; left out, the default of the provider."""
    speed: NotRequired[float | None]
    """Only realtime models: how fast it speaks."""
    messages: NotRequired[list[PromptMessage]]
    """The prompt."""
    tools: NotRequired[
        list[
            FlatWebhookTool | NestedWebhookTool | EndCallTool | TransferCallTool | SendDtmfTool | McpTool | TemplateTool
        ]
    ]
    """What the model may do besides speaking."""
    base_url: NotRequired[str | None]
    """Only openai_compatible: the address of the model server."""
    script: NotRequired[Script | None]
    """Only local: what the scripted brain runs on."""
    fallbacks: NotRequired[list[LlmFallback]]
    """Who thinks instead when the provider fails, in order."""


class LlmFallback(TypedDict):
    """Who thinks where the provider before it fails; what is left out is as in the `llm_config` it stands in."""

    provider: str
    """The provider."""
    model: NotRequired[str | None]
    """The model; left out, the default of the provider."""
    temperature: NotRequired[float | None]
    """How freely it chooses its words."""
    max_completion_tokens: NotRequired[int | None]
    """The longest reply, in tokens."""
    base_url: NotRequired[str | None]
    """Only openai_compatible: the address of the model server."""
    reasoning_effort: NotRequired[Literal["none", "minimal", "low", "medium", "high"] | None]
    """How long it thinks before it speaks."""
    script: NotRequired[Script | None]
    """Only local: what the scripted brain runs on."""


class McpTool(TypedDict):
    """The tools of an MCP server (streamable HTTP), offered to the model under their own names."""

    type: Literal["mcp"]
    """Always `mcp`."""
    url: str
    """The address of the server's MCP endpoint."""
    headers: NotRequired[dict[str, Any]]
    """Sent with every request, for example `Authorization`; the values are never returned (null), and null keeps
    the value of the stored tool with the same address.
    """
    allowed_tools: NotRequired[list[str] | None]
    """The names of the tools that the model may use; left out, all of them."""


class Message(TypedDict):
    """One turn of the conversation, as it was really heard."""

    role: Literal["user", "assistant", "system"]
    """Who said it; `system` marks what happened."""
    content: str
    """The words; of an interrupted turn only those that were heard."""
    started_at: str | None
    """When it began."""
    ended_at: str | None
    """When it ended."""
    interrupted: bool
    """Whether it was cut off."""


class Model(TypedDict):
    """A model."""

    id: str
    """The `model` of a configuration."""
    name: str
    """Its name."""
    default: bool
    """Whether it is taken where none is named."""
    legacy: bool
    """Whether its vendor has newer ones in its place."""
    price: dict[str, float] | None
    """What it is reckoned with, in US dollars: for a million tokens (`input`, `cached_input`, `output`,
    `audio_input`, `audio_output`), a `minute`, a `thousand_characters`, a `call`. Null: no price is known.
    """


class Mute(TypedDict):
    """Stops the assistant's listening."""

    type: Literal["mute"]
    """Which order this is."""


NestedWebhookTool = TypedDict(
    "NestedWebhookTool",
    {
        "type": "Literal['function']",
        "function": "FunctionSpec",
        "server": "ToolServer",
        "async": "NotRequired[bool]",
        "async_response": "NotRequired[str | None]",
    },
)
"""A webhook tool in the nested form."""


class NewByokConfig(TypedDict):
    """Your defaults for one provider."""

    provider: str
    """The provider, as a configuration names it."""
    config: ProviderDefaults
    """In place of what was set before; empty removes it."""


class NewCampaign(TypedDict):
    """A campaign as it is made, with whom it calls."""

    name: str
    """Its name."""
    assistant_id: NotRequired[str | None]
    """Who speaks; needed before it is scheduled. Must be active."""
    number_ids: NotRequired[list[str]]
    """The numbers that its calls show; none: any that can call out."""
    system_message_template: NotRequired[str | None]
    """Takes the place of the assistant's system messages in this campaign's calls; `{{...}}` is filled from the
    lead: its `name`, `phone_number` and `variables`.
    """
    schedule_start_time: NotRequired[str | None]
    """From when on it calls, `HH:MM:SS` in its time zone; null: midnight."""
    schedule_end_time: NotRequired[str | None]
    """Until when, exclusive; earlier than the start: past midnight; null: midnight."""
    timezone: NotRequired[str]
    """A zone of the IANA database, or `callee`: each number's own, found by its digits."""
    days_of_week: NotRequired[
        list[
            int
            | Literal[
                "monday",
                "mon",
                "tuesday",
                "tue",
                "wednesday",
                "wed",
                "thursday",
                "thu",
                "friday",
                "fri",
                "saturday",
                "sat",
                "sunday",
                "sun",
            ]
        ]
    ]
    """On which days: 1 Monday to 7 Sunday (0 and names are taken too). A night belongs to the day before it."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls of it at once; null: what the organisation and its trunks allow."""
    calls_per_minute: NotRequired[int | None]
    """The most calls that it places in a minute, evenly spread; null: no limit."""
    max_attempts: NotRequired[int]
    """How often a lead is called at most."""
    retry_delay_minutes: NotRequired[int]
    """How long after a call that is to be repeated the next one comes."""
    retry_on: NotRequired[
        list[
            Literal[
                "busy",
                "declined",
                "failed",
                "insufficient_credits",
                "internal_error",
                "invalid_destination",
                "media_timeout",
                "no_answer",
                "provider_error",
                "silence_timeout",
                "trunk_auth_failed",
                "trunk_error",
                "trunk_unreachable",
                "voicemail_detected",
                "worker_lost",
            ]
        ]
    ]
    """After which end reasons a lead is called again while attempts are left; `failed` stands for all that leave
    it failed.
    """
    status: NotRequired[Literal["draft", "scheduled"]]
    """`scheduled`: it starts at once."""
    leads: NotRequired[list[LeadSettings]]
    """Whom it calls, in this order; more can be added."""
    skip_invalid: NotRequired[bool]
    """Whether leads that are wrong are left out; else they refuse it all."""
    agent_id: NotRequired[str | None]
    """Older name of `assistant_id`."""


class NewCampaignReply(TypedDict):
    """A new campaign."""

    campaign: Campaign
    """The campaign."""
    warnings: list[LeadWarning]
    """What is to be known of its leads."""
    errors: list[str]
    """With `skip_invalid`: what was wrong with the leads that were left out."""


class NewDomain(TypedDict):
    """A domain to send e-mails from."""

    domain_name: str
    """Its name, as `mail.example.com`; others than ASCII in punycode."""


class NewEntries(TypedDict):
    """Whom not to call: one party, or many at once."""

    phone_number: NotRequired[str | None]
    """E.164, or a SIP URI; kept in its shortest spelling. Or give `phone_numbers`."""
    phone_numbers: NotRequired[list[str] | None]
    """Many at once, up to 1000; none is kept when one of them is no number."""
    reason: NotRequired[str | None]
    """Why; a note for people."""


class NewKey(TypedDict):
    """An API key to be made."""

    name: str
    """What it is for."""
    scopes: NotRequired[list[Literal["read", "write", "calls"]] | None]
    """`read` looks, `write` changes settings, `calls` places and controls calls. Left out: all that the key has
    which asks; more than that cannot be given.
    """
    expires_at: NotRequired[str | None]
    """When it stops working; null: never."""


class NewKeyReply(TypedDict):
    """The key that was made."""

    api_key: CreatedApiKey
    """The key."""


class NewLeads(TypedDict):
    """One lead (`phone_number`, `name`, `variables`), or many (`leads`), or a spreadsheet (`csv`): exactly one
    of these.
    """

    phone_number: NotRequired[str | None]
    """E.164: one lead."""
    name: NotRequired[str | None]
    """Who that is; fills `{{name}}`."""
    variables: NotRequired[dict[str, str]]
    """Fills `{{...}}` in all that the assistant says and is told; 16 KiB."""
    leads: NotRequired[list[LeadSettings] | None]
    """Many leads, in their order."""
    csv: NotRequired[str | None]
    """The text of a CSV file. Its first line names the columns: `phone_number` (or `phone`, `number`), `name`,
    and every other is a variable.
    """
    skip_invalid: NotRequired[bool]
    """Whether leads that are wrong are left out; else they refuse it all."""


class NewOrganisation(TypedDict):
    """What a child organisation is made of."""

    name: str
    """Its name."""
    email: NotRequired[str | None]
    """Where the operator reaches it; null removes it."""
    webhook_url: NotRequired[str | None]
    """Where events go when the assistant has no address; null removes it."""
    webhook_secret: NotRequired[str | None]
    """Signs the events; write-only; null removes it."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls at once; null: no limit of its own. A parent sets it for a child, at most its own."""
    monthly_minutes_limit: NotRequired[float | None]
    """The most answered minutes in a calendar month (UTC); null: no limit. A parent sets it for a child."""
    content_retention_days: NotRequired[Literal[30, 90, 180, 365]]
    """For how long what was said on a call is kept after its end: transcript, recording, analysis, bodies of
    webhooks. At most `metadata_retention_days`.
    """
    metadata_retention_days: NotRequired[int]
    """For how long a call itself is kept after its end."""


class NewProviderKey(TypedDict):
    """A key of yours."""

    provider: str
    """Whose key it is: `deepgram`, `openai`, `elevenlabs`, `resend`, `xai`, `gladia`, `mistral`, `anthropic`,
    `google` or `inworld`.
    """
    api_key: str
    """The key, as the vendor gave it to you; never shown again."""


class NoBody(TypedDict):
    """An empty object; the body may be left out."""


class NumberChanges(TypedDict):
    """Only what is given changes."""

    phone_number: NotRequired[str]
    """E.164; registered once in the whole installation."""
    name: NotRequired[str | None]
    """Its name."""
    assistant_id: NotRequired[str | None]
    """The assistant it belongs to; null detaches."""
    trunk_id: NotRequired[str | None]
    """The trunk that its calls go out and come in through; null detaches."""
    transfer_trunk_id: NotRequired[str | None]
    """The trunk that calls are handed over through; null: `trunk_id`."""
    is_active: NotRequired[bool]
    """Inactive numbers place no calls and take none."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls at once; null: no limit."""
    agent_id: NotRequired[str | None]
    """Older name of `assistant_id`."""


class NumberReply(TypedDict):
    """One number."""

    number: PhoneNumber
    """The number."""


class NumberSettings(TypedDict):
    """A number as a client writes it."""

    phone_number: str
    """E.164; registered once in the whole installation."""
    name: NotRequired[str | None]
    """Its name."""
    assistant_id: NotRequired[str | None]
    """The assistant it belongs to; null detaches."""
    trunk_id: NotRequired[str | None]
    """The trunk that its calls go out and come in through; null detaches."""
    transfer_trunk_id: NotRequired[str | None]
    """The trunk that calls are handed over through; null: `trunk_id`."""
    is_active: NotRequired[bool]
    """Inactive numbers place no calls and take none."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls at once; null: no limit."""
    agent_id: NotRequired[str | None]
    """Older name of `assistant_id`."""


class NumbersReply(TypedDict):
    """A page of numbers, newest first."""

    numbers: list[PhoneNumber]
    """The numbers."""
    pagination: Pagination
    """Which part this is."""


class Organisation(TypedDict):
    """The organisation that the key belongs to, or the child that it acts for."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    email: str | None
    """Where the operator reaches it."""
    minutes_balance: float | None
    """Minutes left; null: not metered."""
    credits_balance: float | None
    """Credit left; null: not metered."""
    monthly_usage_minutes: float
    """Answered minutes of this calendar month (UTC)."""
    active_numbers: int
    """How many active numbers it has."""
    active_agents: int
    """How many active assistants it has."""
    active_calls: int
    """How many calls are going on."""
    has_local_models_access: bool
    """Whether its assistants may use the providers `local`; the operator decides."""
    parent_org_id: str | None
    """The parent's id, for the parent that acts for this child; null for everybody else."""
    webhook_url: str | None
    """Where events go when the assistant has no address."""
    webhook_secret: None
    """Never shown; see `webhook_secret_set`."""
    webhook_secret_set: bool
    """Whether there is a secret."""
    max_concurrent_calls: int | None
    """The most calls at once; null: no limit of its own."""
    guaranteed_concurrent_calls: int | None
    """How many calls at once it is sure to get, together with its children; null: none."""
    monthly_minutes_limit: float | None
    """The most answered minutes in a calendar month (UTC); null: no limit."""
    content_retention_days: int
    """For how many days what was said on a call is kept."""
    metadata_retention_days: int
    """For how many days a call is kept."""
    children: NotRequired[list[Child] | None]
    """Only with `include_children`."""
    created_at: str
    """When it was made."""


class OrganisationChanges(TypedDict):
    """Only what is given changes."""

    name: NotRequired[str]
    """Its name."""
    email: NotRequired[str | None]
    """Where the operator reaches it; null removes it."""
    webhook_url: NotRequired[str | None]
    """Where events go when the assistant has no address; null removes it."""
    webhook_secret: NotRequired[str | None]
    """Signs the events; write-only; null removes it."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls at once; null: no limit of its own. A parent sets it for a child, at most its own."""
    monthly_minutes_limit: NotRequired[float | None]
    """The most answered minutes in a calendar month (UTC); null: no limit. A parent sets it for a child."""
    content_retention_days: NotRequired[Literal[30, 90, 180, 365]]
    """For how long what was said on a call is kept after its end: transcript, recording, analysis, bodies of
    webhooks. At most `metadata_retention_days`.
    """
    metadata_retention_days: NotRequired[int]
    """For how long a call itself is kept after its end."""


class Pagination(TypedDict):
    """Which part of a list this is."""

    total: int
    """How many there are in all."""
    limit: int
    """How many were asked for at most."""
    offset: int
    """How many were passed over."""


class PhoneNumber(TypedDict):
    """A phone number of ours."""

    id: str
    """Its id."""
    phone_number: str
    """E.164."""
    name: str | None
    """Its name."""
    assistant_id: str | None
    """The assistant it belongs to."""
    agent_id: str | None
    """The same as `assistant_id`."""
    assistant_name: str | None
    """The assistant's name."""
    agent_name: str | None
    """The same as `assistant_name`."""
    business_name: str | None
    """The assistant's business name."""
    trunk_id: str | None
    """The trunk that its calls go out and come in through."""
    transfer_trunk_id: str | None
    """The trunk that calls are handed over through; null: `trunk_id`."""
    transfer_trunk_name: str | None
    """That trunk's name."""
    source: str
    """Where it comes from: `byo`, brought with a trunk of your own."""
    is_active: bool
    """Inactive numbers place no calls and take none."""
    max_concurrent_calls: int | None
    """The most calls at once; null: no limit."""
    created_at: str
    """When it was registered."""
    updated_at: str
    """When it was last changed."""


class PlaceCall(TypedDict):
    """A call to be placed: with a stored assistant, with one that lives for this call, or with a stored one
    changed.
    """

    destination: str
    """Whom to call: E.164, or a SIP URI where the trunk allows it."""
    number_id: NotRequired[str | None]
    """The number of yours to call from. Left out: an active one with a trunk and free capacity, of the same
    country as the destination first, then the one that rested longest.
    """
    assistant_id: NotRequired[str | None]
    """A stored assistant."""
    assistant: NotRequired[TransientAssistant | None]
    """An assistant for this call alone; never beside `assistant_id`."""
    assistant_override: NotRequired[dict[str, Any] | None]
    """Changes the stored assistant for this call: objects merge deeply, arrays and scalars replace, null clears.
    Needs `assistant_id`.
    """
    first_message: NotRequired[str | None]
    """The first words; wins over those of assistant and override."""
    variables: NotRequired[dict[str, str]]
    """Fills `{{name}}` in prompts, script and messages; one that is not filled is an error."""
    metadata: NotRequired[dict[str, Any]]
    """Your own data, up to 16 KiB; sent in every webhook."""
    max_ring_seconds: NotRequired[int]
    """How long it may ring before it ends `no_answer`."""
    scheduled_at: NotRequired[str | None]
    """When to call: ISO 8601 with an offset, at most 30 days ahead. Until then the call is `queued` and holds no
    capacity; `end-call` cancels it. At its time, or as soon after as there is room, the limits are looked at
    again and it is dialled.
    """
    agent_id: NotRequired[str | None]
    """Older name of `assistant_id`."""
    agent: NotRequired[TransientAssistant | None]
    """Older name of `assistant`."""
    agent_config: NotRequired[dict[str, Any] | None]
    """Older name of `assistant_override`."""


class PlacedReply(TypedDict):
    """The call is recorded, and about to ring."""

    success: Literal[True]
    """Always true."""
    call_id: str
    """The call's id."""
    status: str
    """`dialing`; `queued` for a scheduled call."""


class PromptMessage(TypedDict):
    """One message of the prompt; ``{{name}}`` is filled from the call's variables."""

    role: NotRequired[Literal["system", "user", "assistant"]]
    """Who speaks in the prompt."""
    content: str
    """The text; `{{name}}` is filled from the variables of the call."""


Pronunciation = TypedDict(
    "Pronunciation",
    {
        "from": "str",
        "to": "str",
    },
)
"""A word to be spoken differently from how it is written."""


class Provider(TypedDict):
    """A provider, in one of the stages that it has."""

    id: str
    """The `provider` of a configuration."""
    name: str
    """Its name."""
    category: Literal["llm", "stt", "tts", "realtime"]
    """What it does."""
    docs_url: str
    """Its own documentation."""
    models: list[Model]
    """Its models; others are passed on as they are named."""


class ProviderDefaults(TypedDict):
    """What an organisation takes where an assistant names the provider and no more. It replaces what was set
    before.
    """

    llm_model: NotRequired[str | None]
    """The `model` of an `llm_config` that names none."""
    stt_model: NotRequired[str | None]
    """The `model` of an `stt_config` that names none."""
    tts_model: NotRequired[str | None]
    """The `model` of a `tts_config` that names none."""
    voice_id: NotRequired[str | None]
    """The `voice_id` of a `tts_config`, or the `voice` of a realtime model, that names none."""


class ProviderNamed(TypedDict):
    """Whose key is to be forgotten."""

    provider: str
    """Whose key it is: `deepgram`, `openai`, `elevenlabs`, `resend`, `xai`, `gladia`, `mistral`, `anthropic`,
    `google` or `inworld`.
    """


class RecordingConsent(TypedDict):
    """Asking an inbound caller's consent by keypad (1 yes, 2 no) before anything of what they say is used or
    kept.
    """

    enabled: NotRequired[bool]
    """Whether it is asked."""
    message: NotRequired[str | None]
    """The question; left out, a good one in the assistant's language."""


class Say(TypedDict):
    """Speaks these words."""

    type: Literal["say"]
    """Which order this is."""
    content: str
    """The words."""
    end_after: NotRequired[bool]
    """Whether the call ends when they were spoken."""
    interruptible: NotRequired[bool]
    """Whether the party can cut them off."""


class Script(TypedDict):
    """A goal as slots and steps, for the deterministic brain (``provider`` local, ``model`` scripted)."""

    goal: str
    """What the call is for, in a few words."""
    steps: list[ScriptStep]
    """The steps, in order."""
    facts: NotRequired[dict[str, str]]
    """Questions that may be asked, and their answers."""
    closing: NotRequired[str | None]
    """The last words when all steps are done."""


class ScriptStep(TypedDict):
    """One step of a script: say something, ask for the value of a slot, or have a tool bring it.  ``next`` maps
    an answer (``yes``/``no``, a choice, a tool's result, ``failed`` for a tool that brought none, or ``*``
    for any) to the id of the step that follows; without it the following step in order is next. ``end`` ends
    the script.
    """

    id: str
    """Its name, unique in the script."""
    say: NotRequired[str | None]
    """Spoken when the step begins."""
    ask: NotRequired[str | None]
    """The question; asked again when the answer was not understood."""
    tool: NotRequired[str | None]
    """The tool that is called, by its name; what it brings is kept in the slot."""
    arguments: NotRequired[dict[str, str | int | float | bool] | None]
    """The arguments of the tool; `{{name}}` is filled. Left out, slots, variables and words that fit them."""
    slot: NotRequired[str | None]
    """Where the answer is kept."""
    type: NotRequired[Literal["yes_no", "number", "date_time", "choice", "text"] | None]
    """What kind of answer is expected."""
    choices: NotRequired[list[str] | dict[str, list[str]] | None]
    """The answers of a choice; as an object, each with the other words that mean it."""
    next: NotRequired[dict[str, str] | str | None]
    """The id of the step that follows, by answer or always; `end` ends the script."""


class SecretIds(TypedDict):
    """The ids of the stored keys; null where there is none."""

    deepgram_secret_id: str | None
    """The key for Deepgram."""
    openai_secret_id: str | None
    """The key for OpenAI."""
    elevenlabs_secret_id: str | None
    """The key for ElevenLabs."""
    resend_secret_id: str | None
    """The key for Resend; kept, and not used in this release."""
    xai_secret_id: str | None
    """The key for xAI."""
    gladia_secret_id: str | None
    """The key for Gladia."""
    mistral_secret_id: str | None
    """The key for Mistral."""
    anthropic_secret_id: str | None
    """The key for Anthropic."""
    google_secret_id: str | None
    """The key for Google."""
    inworld_secret_id: str | None
    """The key for Inworld."""


class SendDtmf(TypedDict):
    """Presses keys."""

    type: Literal["send-dtmf"]
    """Which order this is."""
    digits: str
    """0-9 * # A-D; w waits half a second."""


class SendDtmfTool(TypedDict):
    """Lets the model press keys."""

    type: Literal["send_dtmf"]
    """Always `send_dtmf`."""


class SilenceHandling(TypedDict):
    """How the assistant checks in when nobody speaks (with ``autonomous_silence_handling``)."""

    messages: NotRequired[list[str]]
    """The check-ins, in order."""
    final_message: NotRequired[str | None]
    """Spoken before the call ends."""
    first_check_seconds: NotRequired[float]
    """Silence before the first check-in, in seconds."""
    interval_seconds: NotRequired[float]
    """Silence between check-ins, in seconds."""
    max_attempts: NotRequired[int]
    """How many check-ins before the end."""


class Sip(TypedDict):
    """What the phone leg told."""

    call_id: str | None
    """The Call-ID of SIP."""
    status_code: int | None
    """The last status of the INVITE."""
    reason: str | None
    """Its reason phrase."""
    codec: str | None
    """The codec in use."""


class SipMessage(TypedDict):
    """One SIP message, as it was on the wire."""

    at: str
    """When it was sent or received."""
    leg: int
    """Which leg of the call: 1 the other party's, from 2 on those it was handed over to."""
    direction: Literal["sent", "received"]
    """As the platform sees it."""
    peer: str
    """The address that it was sent to or came from."""
    method: str
    """The request's method; of a response, that of its request."""
    status: int | None
    """The status code of a response, null for a request."""
    reason: str | None
    """The reason phrase of a response."""
    call_id: str
    """Call-ID."""
    cseq: int
    """The number in CSeq."""
    from_host: str | None
    """The host in From."""
    to_host: str | None
    """The host in To."""
    codecs: list[str]
    """The voice codecs of its SDP, in their order; empty without one."""
    raw: NotRequired[str | None]
    """The message itself, up to 4,096 characters; only with `raw=true`."""


class SpeechConfig(TypedDict):
    """Manners of speech and turn taking."""

    turn_taking: NotRequired[TurnTaking]
    """When it speaks and when it yields."""
    pronunciation: NotRequired[list[Pronunciation]]
    """Words that are spoken otherwise."""
    background_audio: NotRequired[BackgroundAudio]
    """What is heard behind it."""
    silence: NotRequired[SilenceHandling]
    """How it checks in."""
    end_call_message: NotRequired[str | None]
    """Spoken before the assistant hangs up."""
    first_message_outbound: NotRequired[str | None]
    """The first words on outbound calls; wins over `first_message`."""
    end_call_phrases: NotRequired[list[str]]
    """When the assistant says one of these, the call ends."""


class StageCost(TypedDict):
    """What one provider cost."""

    stage: str
    """`stt`, `llm` (also a realtime model), `tts`, or `analysis`: what was asked about the call afterwards."""
    provider: str
    """The provider; `unknown` where nobody can say which of several it was."""
    model: str | None
    """The model."""
    own_key: bool
    """Whether it ran on your own key: its vendor bills you, and it is not in `total`."""
    usage: StageUse
    """What it was used for."""
    usd: float | None
    """What that costs; null where no price is known."""


class StageUse(TypedDict):
    """What a provider was used for; what it was not used for is left out."""

    seconds: NotRequired[float | None]
    """Seconds of sound."""
    characters: NotRequired[int | None]
    """Characters spoken."""
    prompt_tokens: NotRequired[int | None]
    """Tokens of the prompts."""
    completion_tokens: NotRequired[int | None]
    """Tokens of the replies."""
    cached_tokens: NotRequired[int | None]
    """Of the prompts' tokens, those read from a cache."""
    cached_audio_tokens: NotRequired[int | None]
    """Of the cached tokens, those that were sound."""
    audio_prompt_tokens: NotRequired[int | None]
    """Of the prompts' tokens, those that were sound."""
    audio_completion_tokens: NotRequired[int | None]
    """Of the replies' tokens, those that were sound."""


class StructuredDataPlan(TypedDict):
    """What to extract from the conversation; the result is validated against ``schema``."""

    enabled: NotRequired[bool]
    """Whether it is done."""
    schema: NotRequired[dict[str, Any] | None]
    """A JSON Schema of the result."""
    messages: NotRequired[list[PromptMessage]]
    """The prompt; left out, a good one."""
    template_id: NotRequired[str | None]
    """An analysis template, whose schema and prompts are taken where these are left out."""


class SttConfig(TypedDict):
    """Which recogniser hears."""

    provider: str
    """The provider, as `local` or `deepgram`."""
    model: NotRequired[str | None]
    """The model; left out, the default of the provider."""
    language: NotRequired[str]
    """The language that is spoken, as `en`; `multi` for several."""
    keyterms: NotRequired[list[str]]
    """Words that should be recognised well."""
    smart_format: NotRequired[bool | None]
    """Deepgram: write dates, amounts and the like as people do."""
    numerals: NotRequired[bool | None]
    """Deepgram: write numbers as digits."""
    filler_words: NotRequired[bool | None]
    """Deepgram: keep words as `uh`."""
    no_delay: NotRequired[bool | None]
    """Deepgram: do not wait for context before formatting."""
    utterance_end_ms: NotRequired[int | None]
    """Deepgram: the gap between words that ends an utterance, 1000 to 5000 milliseconds."""
    endpointing: NotRequired[float | None]
    """The silence after which words are final: Deepgram 0 to 5000 milliseconds, Gladia 0.01 to 1 second."""
    tag_audio_events: NotRequired[bool | None]
    """ElevenLabs: name sounds as `(laughs)` among the words."""
    include_timestamps: NotRequired[bool | None]
    """ElevenLabs: give the time of every word."""
    sample_rate: NotRequired[Literal[8000, 16000] | None]
    """ElevenLabs: the rate in Hz it is given; left out, that of the line."""
    languages: NotRequired[list[str] | None]
    """Gladia: the languages that may be spoken."""
    code_switching: NotRequired[bool | None]
    """Gladia: the language may change between utterances."""
    region: NotRequired[Literal["us-west", "eu-west"] | None]
    """Gladia: where it is recognised."""
    custom_vocabulary: NotRequired[list[str] | None]
    """Gladia: words that should be recognised well."""
    translation_enabled: NotRequired[bool | None]
    """Gladia: translate what is said."""
    translation_target_languages: NotRequired[list[str] | None]
    """Gladia: the languages to translate into; the assistant reads the first."""
    fallbacks: NotRequired[list[SttFallback]]
    """Who hears instead when the provider fails, in order."""


class SttFallback(TypedDict):
    """Who hears where the provider before it fails."""

    provider: str
    """The provider, as `local` or `deepgram`."""
    model: NotRequired[str | None]
    """The model; left out, the default of the provider."""
    language: NotRequired[str | None]
    """The language that is spoken; left out, as in the `stt_config` it stands in."""
    keyterms: NotRequired[list[str]]
    """Words that should be recognised well."""
    smart_format: NotRequired[bool | None]
    """Deepgram: write dates, amounts and the like as people do."""
    numerals: NotRequired[bool | None]
    """Deepgram: write numbers as digits."""
    filler_words: NotRequired[bool | None]
    """Deepgram: keep words as `uh`."""
    no_delay: NotRequired[bool | None]
    """Deepgram: do not wait for context before formatting."""
    utterance_end_ms: NotRequired[int | None]
    """Deepgram: the gap between words that ends an utterance, 1000 to 5000 milliseconds."""
    endpointing: NotRequired[float | None]
    """The silence after which words are final: Deepgram 0 to 5000 milliseconds, Gladia 0.01 to 1 second."""
    tag_audio_events: NotRequired[bool | None]
    """ElevenLabs: name sounds as `(laughs)` among the words."""
    include_timestamps: NotRequired[bool | None]
    """ElevenLabs: give the time of every word."""
    sample_rate: NotRequired[Literal[8000, 16000] | None]
    """ElevenLabs: the rate in Hz it is given; left out, that of the line."""
    languages: NotRequired[list[str] | None]
    """Gladia: the languages that may be spoken."""
    code_switching: NotRequired[bool | None]
    """Gladia: the language may change between utterances."""
    region: NotRequired[Literal["us-west", "eu-west"] | None]
    """Gladia: where it is recognised."""
    custom_vocabulary: NotRequired[list[str] | None]
    """Gladia: words that should be recognised well."""
    translation_enabled: NotRequired[bool | None]
    """Gladia: translate what is said."""
    translation_target_languages: NotRequired[list[str] | None]
    """Gladia: the languages to translate into; the assistant reads the first."""


class Success(TypedDict):
    """Done."""

    success: bool
    """Always true."""


class SuccessEvaluation(TypedDict):
    """Whether the call reached its aim, judged by ``rubric``."""

    enabled: NotRequired[bool]
    """Whether it is done."""
    rubric: NotRequired[str | None]
    """What counts as success."""


class TemplateTool(TypedDict):
    """A tool that is stored as a template; the call runs on the template as it was when the call was placed."""

    template_id: str
    """The id of a tool template."""


class TestReply(TypedDict):
    """What a test of a trunk told."""

    success: bool
    """Whether no step failed."""
    trunk_id: str
    """The trunk."""
    steps: list[TestStep]
    """The steps, in order."""


class TestStep(TypedDict):
    """One step of a test."""

    name: str
    """What was tried: dns, options or register."""
    ok: bool | None
    """Whether it worked; null where it does not apply."""
    detail: str
    """What was seen."""
    duration_ms: float
    """How long it took."""


class ToolServer(TypedDict):
    """Where a nested webhook tool is answered. ``secret`` signs the request and is never returned."""

    url: str
    """The address that answers."""
    secret: NotRequired[str | None]
    """Signs the request; never returned (null)."""


class ToolTemplate(TypedDict):
    """A tool that assistants use by its id."""

    id: str
    """Its id."""
    org_id: str
    """Whose it is."""
    name: str
    """Its name."""
    description: str | None
    """What it is for; a note for people."""
    tool_type: Literal["function", "end_call", "transfer_call", "send_dtmf", "mcp"]
    """The kind of tool."""
    tool_config: dict[str, Any]
    """The tool as `llm_config.tools` has it, without its `type`; secrets are null."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When it was last changed."""


ToolTemplateChanges = TypedDict(
    "ToolTemplateChanges",
    {
        "name": "NotRequired[str]",
        "description": "NotRequired[str | None]",
        "tool_type": "NotRequired[Literal['function', 'end_call', 'transfer_call', 'send_dtmf', 'mcp']]",
        "tool_config": "NotRequired[dict[str, Any]]",
        "function_definition": "NotRequired[dict[str, Any] | None]",
        "server_url": "NotRequired[str | None]",
        "server_secret": "NotRequired[str | None]",
        "async": "NotRequired[bool | None]",
    },
)
"""Only what is given changes."""


class ToolTemplateReply(TypedDict):
    """One tool template."""

    tool_template: ToolTemplate
    """The template."""


ToolTemplateSettings = TypedDict(
    "ToolTemplateSettings",
    {
        "name": "str",
        "description": "NotRequired[str | None]",
        "tool_type": "NotRequired[Literal['function', 'end_call', 'transfer_call', 'send_dtmf', 'mcp']]",
        "tool_config": "NotRequired[dict[str, Any]]",
        "function_definition": "NotRequired[dict[str, Any] | None]",
        "server_url": "NotRequired[str | None]",
        "server_secret": "NotRequired[str | None]",
        "async": "NotRequired[bool | None]",
    },
)
"""A tool template as a client writes it."""


class ToolTemplatesReply(TypedDict):
    """A page of tool templates, newest first."""

    tool_templates: list[ToolTemplate]
    """The templates."""
    pagination: Pagination
    """Which part this is."""


class Transfer(TypedDict):
    """Hands the party over."""

    type: Literal["transfer"]
    """Which order this is."""
    destination: str
    """To whom: E.164 or a SIP URI."""
    message: NotRequired[str | None]
    """Spoken before."""
    mode: NotRequired[Literal["blind", "warm"]]
    """`blind`: at once. `warm`: the party waits while the answering human is told who is calling, and why."""
    summary_for_agent: NotRequired[bool | None]
    """With `warm`: whether the human is told what was said so far; left out, they are."""


class TransferCallTool(TypedDict):
    """Lets the model hand the call over to one of ``destinations``."""

    type: Literal["transfer_call", "transferCall"]
    """`transfer_call`; `transferCall` is the deprecated spelling."""
    destinations: list[TransferDestination]
    """The parties to choose from."""


class TransferDestination(TypedDict):
    """A party that the model may hand the call over to."""

    type: NotRequired[Literal["number"]]
    """Always `number`."""
    number: str
    """E.164 or a SIP URI."""
    description: NotRequired[str]
    """When the model should choose it."""
    message: NotRequired[str | None]
    """Spoken before the hand-over."""
    mode: NotRequired[Literal["blind", "warm"]]
    """`warm`: the party waits while the answering human is told who is calling and why."""


class TransientAssistant(TypedDict):
    """An assistant that lives for one call, and the resolved form of every assistant that a call runs on."""

    business_name: NotRequired[str | None]
    """On whose behalf it calls."""
    first_message: NotRequired[str | None]
    """Its first words; without them it waits to be spoken to."""
    max_duration_seconds: NotRequired[int]
    """The longest call, counted from the answer."""
    autonomous_silence_handling: NotRequired[bool]
    """Check in when nobody speaks, before ending the call."""
    silence_timeout_seconds: NotRequired[int]
    """Silence that ends the call (without check-ins)."""
    voicemail_detection: NotRequired[bool]
    """Outbound: notice that a machine answered, and act on it."""
    voicemail_message: NotRequired[str | None]
    """Left after the beep of a voicemail; without it the call ends when one is noticed."""
    recording_consent: NotRequired[RecordingConsent]
    """Inbound: asks before it listens."""
    gdpr_mode: NotRequired[bool]
    """Record nothing, and forget transcript and analysis after the report."""
    recording_enabled: NotRequired[bool]
    """Record the call in stereo."""
    webhook_url: NotRequired[str | None]
    """Where events go; left out, to the address of the organisation."""
    webhook_secret: NotRequired[str | None]
    """Signs the events; write-only, returned as null."""
    webhook_events: NotRequired[list[Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]]]
    """The events that are sent."""
    analysis_plan: NotRequired[AnalysisPlan]
    """What is made of a call afterwards."""
    speech_config: NotRequired[SpeechConfig]
    """Manners of speech."""
    name: NotRequired[str | None]
    """Its name."""
    llm_config: LlmConfig
    """The model and its prompt."""
    stt_config: NotRequired[SttConfig | None]
    """The recogniser."""
    tts_config: NotRequired[TtsConfig | None]
    """The voice."""
    metadata: NotRequired[dict[str, Any]]
    """Your own data; sent in every webhook."""


class Trunk(TypedDict):
    """A SIP trunk, without its password."""

    id: str
    """Its id."""
    name: str
    """Its name."""
    provider: str | None
    """Whose it is; a note for people."""
    address: str
    """Host, with `:port` where it is not the usual one."""
    transport: str
    """How SIP travels: udp, tcp or tls."""
    srtp: str
    """Whether sound is encrypted: off, optional or required."""
    auth_username: str | None
    """For digest."""
    auth_password_set: bool
    """Whether there is a password; it is never shown."""
    inbound_addresses: list[str]
    """Who may send us calls for its numbers."""
    outbound_number: str | None
    """The number that the provider gave with it; a note for people."""
    register: bool
    """Whether we register before calling through it."""
    allow_sip_uri: bool
    """Whether calls may go to SIP URIs, and not to numbers alone."""
    max_concurrent_calls: int | None
    """The most calls at once; null: no limit."""
    calls_per_second: float | None
    """The pace of new calls; null: no limit."""
    is_active: bool
    """Inactive trunks carry no new calls."""
    status: str
    """What its last test told: unknown, ok or failed."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When it was last changed."""


class TrunkChanges(TypedDict):
    """Only what is given changes."""

    name: NotRequired[str]
    """Its name."""
    provider: NotRequired[str | None]
    """Whose it is; a note for people."""
    address: NotRequired[str]
    """Host or IP address, with `:port` where it is not the usual one. Also accepted: `outbound_address`, or
    `host` and `port`.
    """
    transport: NotRequired[Literal["udp", "tcp", "tls"]]
    """How SIP travels."""
    srtp: NotRequired[Literal["off", "optional", "required"]]
    """Whether sound is encrypted."""
    auth_username: NotRequired[str | None]
    """For digest. Also accepted: `username`."""
    auth_password: NotRequired[str | None]
    """For digest; encrypted, never returned. Also accepted: `password`."""
    inbound_addresses: NotRequired[list[str]]
    """Who may send us calls for the trunk's numbers: IP addresses, networks as `192.0.2.0/24`, host names. No
    ports.
    """
    outbound_number: NotRequired[str | None]
    """The number that the provider gave with the trunk; a note for people."""
    register: NotRequired[bool]
    """Whether we register with the trunk before calling through it."""
    allow_sip_uri: NotRequired[bool]
    """Whether calls may go to SIP URIs, and not to numbers alone."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls at once; null: no limit."""
    calls_per_second: NotRequired[float | None]
    """The pace of new calls; null: no limit."""
    is_active: NotRequired[bool]
    """Inactive trunks carry no new calls."""
    outbound_address: NotRequired[str]
    """Another name of `address`."""
    username: NotRequired[str | None]
    """Another name of `auth_username`."""
    password: NotRequired[str | None]
    """Another name of `auth_password`."""
    host: NotRequired[str]
    """Another name of `address`."""
    port: NotRequired[int]
    """With `host`: its port, where it is not the usual one."""


class TrunkReply(TypedDict):
    """One trunk."""

    trunk: Trunk
    """The trunk."""


class TrunkSettings(TypedDict):
    """A SIP trunk as a client writes it."""

    name: str
    """Its name."""
    provider: NotRequired[str | None]
    """Whose it is; a note for people."""
    address: NotRequired[str]
    """Host or IP address, with `:port` where it is not the usual one. Also accepted: `outbound_address`, or
    `host` and `port`.
    """
    transport: NotRequired[Literal["udp", "tcp", "tls"]]
    """How SIP travels."""
    srtp: NotRequired[Literal["off", "optional", "required"]]
    """Whether sound is encrypted."""
    auth_username: NotRequired[str | None]
    """For digest. Also accepted: `username`."""
    auth_password: NotRequired[str | None]
    """For digest; encrypted, never returned. Also accepted: `password`."""
    inbound_addresses: NotRequired[list[str]]
    """Who may send us calls for the trunk's numbers: IP addresses, networks as `192.0.2.0/24`, host names. No
    ports.
    """
    outbound_number: NotRequired[str | None]
    """The number that the provider gave with the trunk; a note for people."""
    register: NotRequired[bool]
    """Whether we register with the trunk before calling through it."""
    allow_sip_uri: NotRequired[bool]
    """Whether calls may go to SIP URIs, and not to numbers alone."""
    max_concurrent_calls: NotRequired[int | None]
    """The most calls at once; null: no limit."""
    calls_per_second: NotRequired[float | None]
    """The pace of new calls; null: no limit."""
    is_active: NotRequired[bool]
    """Inactive trunks carry no new calls."""
    outbound_address: NotRequired[str]
    """Another name of `address`."""
    username: NotRequired[str | None]
    """Another name of `auth_username`."""
    password: NotRequired[str | None]
    """Another name of `auth_password`."""
    host: NotRequired[str]
    """Another name of `address`."""
    port: NotRequired[int]
    """With `host`: its port, where it is not the usual one."""


class TrunksReply(TypedDict):
    """A page of trunks, newest first."""

    trunks: list[Trunk]
    """The trunks."""
    pagination: Pagination
    """Which part this is."""


class TtsConfig(TypedDict):
    """Which voice speaks."""

    provider: str
    """The provider, as `local` or `elevenlabs`; `11labs` is another name of the latter."""
    voice_id: NotRequired[str | None]
    """The voice, as `GET /voices` lists it; left out, the default of the provider."""
    model: NotRequired[str | None]
    """The model; left out, the default of the provider."""
    language: NotRequired[str | None]
    """The language of the voice; left out, its own."""
    speed: NotRequired[float]
    """How fast it speaks; 1 is natural."""
    stability: NotRequired[float | None]
    """ElevenLabs: how even the voice is."""
    similarity_boost: NotRequired[float | None]
    """ElevenLabs: how close to the original voice."""
    style: NotRequired[float | None]
    """ElevenLabs: how much of the speaker's manner is kept."""
    use_speaker_boost: NotRequired[bool | None]
    """ElevenLabs: closer to the speaker, a little slower."""
    apply_text_normalization: NotRequired[Literal["auto", "on", "off"] | None]
    """ElevenLabs: whether numbers and the like are written out before they are spoken."""
    instructions: NotRequired[str | None]
    """OpenAI and Google: how it is to be spoken, in words."""
    speaking_rate: NotRequired[float | None]
    """Google: how fast it speaks; 1 is natural."""
    fallbacks: NotRequired[list[TtsFallback]]
    """Who speaks instead when the provider fails, in order."""


class TtsFallback(TypedDict):
    """Who speaks where the provider before it fails."""

    provider: str
    """The provider, as `local` or `elevenlabs`; `11labs` is another name of the latter."""
    voice_id: NotRequired[str | None]
    """The voice, as `GET /voices` lists it; left out, the default of the provider."""
    model: NotRequired[str | None]
    """The model; left out, the default of the provider."""
    language: NotRequired[str | None]
    """The language of the voice; left out, its own."""
    speed: NotRequired[float | None]
    """How fast it speaks; 1 is natural."""
    stability: NotRequired[float | None]
    """ElevenLabs: how even the voice is."""
    similarity_boost: NotRequired[float | None]
    """ElevenLabs: how close to the original voice."""
    style: NotRequired[float | None]
    """ElevenLabs: how much of the speaker's manner is kept."""
    use_speaker_boost: NotRequired[bool | None]
    """ElevenLabs: closer to the speaker, a little slower."""
    apply_text_normalization: NotRequired[Literal["auto", "on", "off"] | None]
    """ElevenLabs: whether numbers and the like are written out before they are spoken."""
    instructions: NotRequired[str | None]
    """OpenAI and Google: how it is to be spoken, in words."""
    speaking_rate: NotRequired[float | None]
    """Google: how fast it speaks; 1 is natural."""


class TurnDetection(TypedDict):
    """How a realtime model notices that the party's turn is over. Values outside what the vendor takes are
    clamped.
    """

    threshold: NotRequired[float]
    """How loud speech has to be, 0 to 1."""
    prefix_padding_ms: NotRequired[int]
    """How much sound before the speech is heard too, in milliseconds."""
    silence_duration_ms: NotRequired[int]
    """The silence that ends a turn, in milliseconds."""
    idle_timeout_ms: NotRequired[int | None]
    """With nobody speaking for so many milliseconds the model speaks by itself; left out, never."""


class TurnLatencies(TypedDict):
    """The latencies of one turn."""

    end_of_turn: float | None
    """From the end of their speech to the decision that it was the turn's."""
    stt: float | None
    """From the end of their speech to its final text."""
    llm_first_token: float | None
    """From the request to the model's first words."""
    tts_first_audio: float | None
    """From the request to the voice's first sound."""
    heard: float | None
    """From the end of their speech to our first sample on the wire."""
    added: float | None
    """`heard` less the configured wait and the providers' times: ours."""
    turn: int
    """Which turn, from 1."""


class TurnTaking(TypedDict):
    """When the assistant speaks and when it yields; all in seconds but ``interruption_min_words``."""

    endpointing_min_delay: NotRequired[float]
    """The shortest silence that ends a turn, in seconds."""
    endpointing_max_delay: NotRequired[float]
    """The longest wait for a turn to end, in seconds."""
    interruption_min_duration: NotRequired[float]
    """How long they must speak to interrupt, in seconds."""
    interruption_min_words: NotRequired[int]
    """How many words they must say to interrupt."""
    false_interruption_timeout: NotRequired[float]
    """With no words for this many seconds the assistant goes on."""


class Unmute(TypedDict):
    """Resumes the assistant's listening."""

    type: Literal["unmute"]
    """Which order this is."""


class UsageLog(TypedDict):
    """One call that was answered, as it was charged when it ended."""

    id: str
    """Its id."""
    org_id: str
    """The organisation whose call it was."""
    call_id: str
    """The call, which may have been deleted since."""
    duration_sec: int
    """The answered part in seconds; 1/60 of it was taken off the minutes."""
    byok_stt: bool
    """Whether hearing ran on the organisation's own key."""
    byok_llm: bool
    """Whether thinking ran on the organisation's own key."""
    byok_tts: bool
    """Whether speaking ran on the organisation's own key."""
    call_type: Literal["phone", "web"]
    """By phone or in a browser."""
    phone_number: str | None
    """Our number."""
    assistant_id: str | None
    """The stored assistant; null where it was sent with the call."""
    agent_id: str | None
    """The same as `assistant_id`."""
    agent_name: str | None
    """The assistant's name."""
    business_name: str | None
    """For whom it spoke."""
    cost: float | None
    """US dollars, which were taken off the credits; own keys are not in it."""
    created_at: str
    """When the call ended."""


class UsageReply(TypedDict):
    """A page of lines, newest first, and the sums of all."""

    logs: list[UsageLog]
    """The page."""
    pagination: Pagination
    """Which page this is."""
    summary: UsageSummary
    """The sums."""


class UsageSummary(TypedDict):
    """What all lines come to that the filters let through, on whatever page."""

    total_calls: int
    """How many calls."""
    total_duration_seconds: int
    """Their answered seconds."""
    total_duration_minutes: float
    """The same in minutes."""
    total_cost: float
    """Their cost in US dollars."""


class Voice(TypedDict):
    """One voice."""

    id: str
    """The `voice_id` of a `tts_config`, or the `voice` of a realtime model's `llm_config`."""
    name: str
    """Its name."""
    language: str
    """The language it speaks."""
    provider: str
    """The `provider` of a `tts_config`, or of a realtime model's `llm_config`."""
    description: dict[str, str]
    """What it sounds like, by language (`en`, `nl`)."""


class VoicesReply(TypedDict):
    """All voices that can be used now."""

    voices: list[Voice]
    """The voices."""


class WebhookTest(TypedDict):
    """A sample event, and where it is to go."""

    event: NotRequired[Literal["assistant-request", "tool-calls", "status-update", "end-of-call-report"]]
    """Which event the sample is of."""
    assistant_id: NotRequired[str | None]
    """The assistant whose address, secret and configuration are used; left out: the organisation's."""
    url: NotRequired[str | None]
    """Another address than the configured one; `secret` signs what goes there."""
    secret: NotRequired[str | None]
    """Signs the sample in place of the configured secret; never kept."""


class WebhookTestReply(TypedDict):
    """What came of a test send."""

    success: bool
    """Whether the receiver answered with any 2xx."""
    event: str
    """The event that the sample is of."""
    url: str
    """Where it went."""
    webhook_id: str
    """The `webhook-id` of the request."""
    signed: bool
    """Whether there was a secret to sign it with."""
    body: dict[str, Any]
    """What was sent; `message.test` is true."""
    attempt: Attempt
    """What came of it."""


CallStatus: TypeAlias = Literal[
    "queued", "dialing", "ringing", "in-progress", "transferring", "ended", "failed", "rejected", "transferred"
]
"""Where a call stands; the last four are end states, left never."""

Direction: TypeAlias = Literal["outbound", "inbound", "web"]
"""Who called whom."""

EndReason: TypeAlias = Literal[
    "user_hangup",
    "assistant_ended",
    "api_ended",
    "silence_timeout",
    "max_duration",
    "voicemail_detected",
    "voicemail_message_left",
    "transferred",
    "consent_declined",
    "consent_timeout",
    "cancelled",
    "no_answer",
    "busy",
    "declined",
    "invalid_destination",
    "trunk_unreachable",
    "trunk_auth_failed",
    "trunk_error",
    "media_timeout",
    "provider_error",
    "worker_lost",
    "internal_error",
    "rejected_by_webhook",
    "no_assistant",
    "at_capacity",
    "insufficient_credits",
    "blocked",
]
"""Why a call ended; exactly one for each call in an end state."""

Control: TypeAlias = InjectContext | Say | EndCall | Transfer | SendDtmf | Mute | Unmute
"""One order to a live call."""


class ListCallsQuery(TypedDict):
    """What `listCalls` can be asked about."""

    status: NotRequired[CallStatus]
    """Where the call stands."""
    direction: NotRequired[Direction]
    """Who called whom."""
    assistant_id: NotRequired[str]
    """The stored assistant."""
    agent_id: NotRequired[str]
    """Older name of `assistant_id`."""
    number_id: NotRequired[str]
    """The number of yours."""
    end_reason: NotRequired[EndReason]
    """Why it ended."""
    campaign_id: NotRequired[str]
    """The campaign that placed it."""
    start_date: NotRequired[str]
    """Placed at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."""
    end_date: NotRequired[str]
    """Placed at or before: ISO 8601 with an offset, or a date (its end in UTC)."""


class FollowCallQuery(TypedDict):
    """What `followCall` can be asked about."""

    last_event_id: NotRequired[int]
    """Goes on after this event; the header `Last-Event-ID` wins."""


class GetRecordingQuery(TypedDict):
    """What `getRecording` can be asked about."""

    expires: NotRequired[int]
    """Unix seconds."""
    signature: NotRequired[str]
    """Ours, over the call and `expires`."""


class GetSipLadderQuery(TypedDict):
    """What `getSipLadder` can be asked about."""

    raw: NotRequired[bool]
    """Shows each message itself too, secrets cut out. It holds phone numbers."""


class GetOrganizationQuery(TypedDict):
    """What `getOrganization` can be asked about."""

    include_children: NotRequired[bool]
    """Show the organisations below it."""


class ListUsageQuery(TypedDict):
    """What `listUsage` can be asked about."""

    start_date: NotRequired[str]
    """Charged at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."""
    end_date: NotRequired[str]
    """Charged at or before: ISO 8601 with an offset, or a date (its end in UTC)."""
    call_type: NotRequired[Literal["phone", "web"]]
    """By phone or in a browser."""
    assistant_id: NotRequired[str]
    """The stored assistant."""
    agent_id: NotRequired[str]
    """Older name of `assistant_id`."""
    include_children: NotRequired[bool]
    """Also what the organisations below this one used."""


class ListAuditLogQuery(TypedDict):
    """What `listAuditLog` can be asked about."""

    noun: NotRequired[
        Literal[
            "analysis_template",
            "api_key",
            "assistant",
            "campaign",
            "do_not_call_entry",
            "domain",
            "number",
            "organization",
            "provider_key",
            "sip_trunk",
            "tool_template",
            "webhook_delivery",
        ]
    ]
    """What was changed."""
    item_id: NotRequired[str]
    """The id of what was changed."""
    action: NotRequired[str]
    """What was done: `created`, `updated`, `deleted`, ..."""
    actor: NotRequired[str]
    """Who did it: the id of an API key, or `api_key`, `operator` or `platform`."""
    start_date: NotRequired[str]
    """Changed at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."""
    end_date: NotRequired[str]
    """Changed at or before: ISO 8601 with an offset, or a date (its end in UTC)."""


class StoreProviderKeyQuery(TypedDict):
    """What `storeProviderKey` can be asked about."""

    verify: NotRequired[bool]
    """Ask the vendor first: 400 `key_refused` where it does not take the key, 502 where it cannot be asked;
    nothing is stored then.
    """


class ListDoNotCallQuery(TypedDict):
    """What `listDoNotCall` can be asked about."""

    phone_number: NotRequired[str]
    """Only this party, however it is spelled."""


class ListWebhookDeliveriesQuery(TypedDict):
    """What `listWebhookDeliveries` can be asked about."""

    call_id: NotRequired[str]
    """The call that they tell of."""
    status: NotRequired[Literal["pending", "delivered", "dead"]]
    """Where they stand; `dead` are those that were given up."""
    event: NotRequired[Literal["status-update", "end-of-call-report"]]
    """What they tell."""
    start_date: NotRequired[str]
    """Written at or after: ISO 8601 with an offset, or a date (its beginning in UTC)."""
    end_date: NotRequired[str]
    """Written at or before: ISO 8601 with an offset, or a date (its end in UTC)."""


class ListLeadsQuery(TypedDict):
    """What `listLeads` can be asked about."""

    status: NotRequired[Literal["pending", "calling", "completed", "failed", "no_answer", "skipped"]]
    """Only those that stand so."""


class AddLeadsQuery(TypedDict):
    """What `addLeads` can be asked about."""

    skip_invalid: NotRequired[bool]
    """As in the body; for files that are sent as `text/csv`."""


class ListVoicesQuery(TypedDict):
    """What `listVoices` can be asked about."""

    provider: NotRequired[str]
    """Only those of this provider; those of a realtime model are given only so."""
    language: NotRequired[str]
    """Only those that speak this language: `nl`, or `nl-BE`. Voices of many languages are always shown."""
