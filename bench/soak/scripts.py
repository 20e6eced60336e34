"""What happens in each call of the soak: drawn by chance from a seed, and the ends that are right for it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from bench.soak.sound import Manner

PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens ``at`` seconds after the answer (before it: after the call came).

    ``what`` names it: of the far end ``speak`` (``value`` seconds), ``keys``, ``hold`` (``value`` seconds), ``hang_up``,
    ``stop_sound``; of us an ``order`` (``value`` is the body).
    """

    at: float
    what: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Script:
    """One call.

    ``ring``: ``answers``, ``refuses`` (with ``status``), ``rings_on``, ``is_silent``, ``answers_the_cancel``.
    ``ends`` are the reasons for which our side may end it, beside those that the far end's own deeds give; ``must`` says
    that it has to be one of these: the far end's last hanging up is only there so that no call is endless.
    ``refer`` is what the far end does with a REFER, ``target`` what the telephone does that the party is handed over to,
    ``takes_at`` and ``leaves_at`` when it presses 1 and hangs up, seconds after it picked up. An ``inbound`` call is made
    by the far end; ``reply`` is what the receiver says when it is asked for an assistant, and ``gives_up_at`` when the
    caller does.
    """

    number: int
    kind: str
    ring: str = "answers"
    ring_seconds: float = 0.2
    status: int = 486
    max_ring_seconds: int = 20
    manner: Manner = Manner.SOUND
    acts: tuple[Act, ...] = ()
    ends: frozenset[str] = frozenset()
    must: bool = False
    ears: str = PLAIN
    brain: str = PLAIN
    voice: str = PLAIN
    vendor: str = ""
    tool: str = ""
    refer: str = "accept"
    target: str = ""
    takes_at: float | None = None
    leaves_at: float | None = None
    inbound: bool = False
    reply: str = "assistant"
    gives_up_at: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def destination(self) -> str:
        """The number that is called."""
        return f"+316{10_000_000 + self.number}"

    @property
    def target_number(self) -> str:
        """The number that the party is handed over to."""
        return f"+3185{1_000_000 + self.number}"


Chance = random.Random
Maker = Callable[[Script, Chance], Script]


def _talk(chance: Chance, seconds: float) -> list[Act]:
    """Turns of speech, at random moments, and now and then keys, holds and orders that end nothing."""
    acts = []
    at = chance.uniform(0.3, 2.5)
    while at < seconds:
        acts.append(_small(chance, at))
        at += chance.uniform(0.8, 4.0)
    return acts


def _small(chance: Chance, at: float) -> Act:
    what = chance.choices(("speak", "keys", "hold", "say", "context", "mute", "dtmf"), (10, 2, 1, 2, 2, 1, 1))[0]
    if what == "speak":
        return Act(at, "speak", round(chance.uniform(0.3, 2.5), 2))
    if what == "keys":
        return Act(at, "keys", "".join(chance.choices("0123456789*#", k=chance.randint(1, 4))))
    if what == "hold":
        return Act(at, "hold", round(chance.uniform(0.2, 2.0), 2))
    orders = {
        "say": {"type": "say", "content": "Please hold the line for a moment.", "interruptible": chance.random() < 0.5},
        "context": {"type": "inject-context", "content": "It rains.", "trigger_response": chance.random() < 0.5},
        "mute": {"type": chance.choice(("mute", "unmute"))},
        "dtmf": {"type": "send-dtmf", "digits": "12w3"},
    }
    return Act(at, "order", orders[what])


def _hung_up_after(script: Script, chance: Chance, seconds: float, **changes: Any) -> Script:
    acts = (*_talk(chance, seconds), Act(round(seconds, 2), "hang_up"))
    return replace(script, acts=acts, **changes)


def _order(at: float, kind: str, **more: Any) -> Act:
    return Act(at, "order", {"type": kind, **more})


# --- calls that are never answered


def _refuses(script: Script, chance: Chance) -> Script:
    ends = {
        486: "busy", 600: "busy", 603: "declined", 403: "declined", 404: "invalid_destination", 410: "invalid_destination",
        484: "invalid_destination", 604: "invalid_destination", 480: "no_answer", 408: "no_answer", 500: "trunk_error",
        503: "trunk_error",
    }  # fmt: skip
    status = chance.choice(list(ends))
    rings = chance.choice((0.0, chance.uniform(0, 2)))
    return replace(script, ring="refuses", status=status, ring_seconds=rings, ends=frozenset({ends[status]}), must=True)


def _rings_on(script: Script, chance: Chance) -> Script:
    return replace(script, ring="rings_on", max_ring_seconds=5, ends=frozenset({"no_answer"}), must=True)


def _is_silent(script: Script, chance: Chance) -> Script:
    return replace(script, ring="is_silent", ends=frozenset({"trunk_unreachable"}), must=True)


def _cancelled(script: Script, chance: Chance) -> Script:
    act = _order(round(chance.choice((0.0, chance.uniform(0, 2.5))), 2), "end-call")
    return replace(script, ring="rings_on", acts=(act,), ends=frozenset({"cancelled"}), must=True)


def _answers_the_cancel(script: Script, chance: Chance) -> Script:
    act = _order(round(chance.uniform(0.2, 1.5), 2), "end-call")
    return replace(
        script, ring="answers_the_cancel", acts=(act,), ends=frozenset({"cancelled", "api_ended"}), must=True
    )


# --- conversations


def _talks(script: Script, chance: Chance) -> Script:
    longest = chance.choice((1.0, 4.0, 15.0))
    return _hung_up_after(script, chance, chance.uniform(0.02, longest))


def _ordered_to_end(script: Script, chance: Chance) -> Script:
    at = round(chance.uniform(0.0, 8.0), 2)
    order = chance.choice(
        (
            _order(at, "end-call"),
            _order(at, "end-call", message="Goodbye, and have a nice day."),
            _order(at, "say", content="That was all. Goodbye.", end_after=True),
        )
    )
    return replace(
        script, acts=(*_talk(chance, at), order, Act(at + 30, "hang_up")), ends=frozenset({"api_ended"}), must=True
    )


def _end_and_hang_up(script: Script, chance: Chance) -> Script:
    """Both sides want to end it at about the same moment."""
    at = round(chance.uniform(0.2, 4.0), 2)
    order = _order(at, "end-call", message=chance.choice((None, "Goodbye.")))
    return replace(
        script, acts=(order, Act(max(0.0, at + chance.uniform(-0.3, 0.6)), "hang_up")), ends=frozenset({"api_ended"})
    )


def _model_ends(script: Script, chance: Chance) -> Script:
    acts = (Act(chance.uniform(2, 4), "speak", 1.5), Act(30.0, "hang_up"))
    return replace(script, acts=acts, brain="uses:end_call", ends=frozenset({"assistant_ended"}), must=True)


def _tools(script: Script, chance: Chance) -> Script:
    tool = chance.choice(("ok", "ok", "slow", "failing", "garbage", "huge", "hangs_up", "hangs", "async"))
    brain = chance.choice(("uses:look_up", "uses2:look_up"))
    seconds = chance.uniform(2.0, 14.0)
    talk = [Act(round(chance.uniform(0.5, 2.5), 2), "speak", 1.2)]
    if chance.random() < 0.5:
        talk.append(Act(round(chance.uniform(3, 8), 2), "speak", 0.8))
    return replace(script, acts=(*talk, Act(seconds, "hang_up")), brain=brain, tool=tool)


def _silence(script: Script, chance: Chance) -> Script:
    checks = chance.random() < 0.5
    silence = {"first_check_seconds": 1.0, "interval_seconds": 1.0, "max_attempts": 1, "final_message": "Goodbye then."}
    settings = {
        "silence_timeout_seconds": 2,
        "autonomous_silence_handling": checks,
        "speech_config": {"silence": silence},
    }
    return replace(
        script, acts=(Act(40.0, "hang_up"),), settings=settings, ends=frozenset({"silence_timeout"}), must=True
    )


def _too_long(script: Script, chance: Chance) -> Script:
    acts = (*_talk(chance, 9), Act(40.0, "hang_up"))
    return replace(
        script, acts=acts, settings={"max_duration_seconds": 10}, ends=frozenset({"max_duration"}), must=True
    )


def _no_sound(script: Script, chance: Chance) -> Script:
    manner = chance.choice((Manner.NOTHING, Manner.GARBAGE))
    return replace(script, manner=manner, acts=(Act(45.0, "hang_up"),), ends=frozenset({"media_timeout"}), must=True)


def _sound_stops(script: Script, chance: Chance) -> Script:
    at = round(chance.uniform(0.5, 5.0), 2)
    acts = (Act(0.3, "speak", 1.0), Act(at, "stop_sound"), Act(at + 45, "hang_up"))
    return replace(script, acts=acts, ends=frozenset({"media_timeout"}), must=True)


def _odd_packets(script: Script, chance: Chance) -> Script:
    return _hung_up_after(script, chance, chance.uniform(2.0, 10.0), manner=Manner.ODD)


# --- providers that fail

_FATAL = {
    "ears": ("fails-open", "refuses-open", "hangs-open", "fails-first", "hangs-first", "refuses-first"),
    "brain": ("fails-open", "refuses-open", "fails-first", "refuses-first", "hangs-first", "fails-middle"),
    "voice": ("fails-open", "refuses-open", "fails-first", "refuses-first", "hangs-first", "fails-middle"),
}
_PASSING = {
    "ears": ("fails-open-once", "fails-first-once", "hangs-first-once", "lags-open", "lags-first"),
    "brain": ("fails-open-once", "fails-first-once", "hangs-first-once", "lags-open", "lags-first", "lags-middle"),
    "voice": ("fails-open-once", "fails-first-once", "hangs-first-once", "lags-open", "lags-first", "lags-middle"),
}


def _provider_fails(script: Script, chance: Chance) -> Script:
    stage = chance.choice(list(_FATAL))
    model = chance.choice(_FATAL[stage])
    acts = (Act(2.5, "speak", 1.0), Act(8.0, "speak", 1.0), Act(14.0, "speak", 1.0), Act(60.0, "hang_up"))
    changed = replace(script, acts=acts, ends=frozenset({"provider_error"}), must=True)
    return _with_model(changed, stage, model)


def _provider_stumbles(script: Script, chance: Chance) -> Script:
    stage = chance.choice(list(_PASSING))
    model = chance.choice(_PASSING[stage])
    return _with_model(_hung_up_after(script, chance, chance.uniform(6.0, 14.0)), stage, model)


def _hung_up_on_a_failure(script: Script, chance: Chance) -> Script:
    stage = chance.choice(list(_FATAL))
    model = chance.choice(_FATAL[stage])
    acts = (Act(0.3, "speak", 1.0), Act(round(chance.uniform(0.5, 9.0), 2), "hang_up"))
    return _with_model(replace(script, acts=acts, ends=frozenset({"provider_error"})), stage, model)


def _with_model(script: Script, stage: str, model: str) -> Script:
    if stage == "ears":
        return replace(script, ears=model)
    return replace(script, brain=model) if stage == "brain" else replace(script, voice=model)


def _vendor(script: Script, chance: Chance) -> Script:
    """The shipped adapter against a model server that works, or goes wrong."""
    vendor = chance.choice(
        ("ok", "ok", "slow", "tool", "status-500", "status-401", "drop", "silence", "garbage", "end")
    )
    acts = (Act(2.5, "speak", 1.0), Act(5.5, "speak", 1.0), Act(round(chance.uniform(2.8, 16), 2), "hang_up"))
    ends = frozenset() if vendor in ("ok", "slow", "tool") else frozenset({"provider_error"})
    return replace(script, vendor=vendor, tool="ok", acts=tuple(sorted(acts, key=lambda act: act.at)), ends=ends)


# --- hand-overs


def _transferred(script: Script, chance: Chance) -> Script:
    """A blind hand-over, by an order or by the model, that the far end's switch accepts, or not, or takes its time for."""
    refer = chance.choice(("accept", "accept", "accept_and_leave", "refuse", "fails_later", "hangs"))
    message = chance.choice((None, "I am putting you through."))
    by_model = chance.random() < 0.4
    at = round(chance.uniform(0.1, 4.0), 2)
    acts: list[Act] = [Act(max(at, 2.5), "speak", 1.0)] if by_model else [
        _order(at, "transfer", destination=script.target_number, mode="blind", **({"message": message} if message else {}))
    ]  # fmt: skip
    last = chance.choice((at + 12, at + 12, chance.uniform(at, at + 5)))
    target = chance.choice(("answers", "busy", "rings_on", "declines"))
    return replace(
        script,
        acts=(*acts, Act(round(last, 2), "hang_up")),
        brain="uses:transfer_call" if by_model else PLAIN,
        refer=refer,
        target=target,
        ends=frozenset({"transferred"}) if refer != "hangs" else frozenset(),
    )


def _warm(script: Script, chance: Chance) -> Script:
    """A warm hand-over to somebody who takes the call, or not, or leaves; anybody may hang up at any moment."""
    target = chance.choice(
        ("takes", "takes", "takes", "declines_by_key", "leaves", "busy", "declines", "rings_on", "mute")
    )
    at = round(chance.uniform(0.1, 3.0), 2)
    by_model = chance.random() < 0.3
    warm = {"destination": script.target_number, "mode": "warm", "summary_for_agent": chance.random() < 0.5}
    acts = [Act(2.5, "speak", 1.0) if by_model else _order(at, "transfer", **warm)]
    if chance.random() < 0.15:
        acts.append(_order(at + chance.uniform(0.5, 15.0), "end-call"))
    last = chance.choice((30.0, 22.0, chance.uniform(at, at + 15)))
    if target in ("rings_on", "mute"):
        last = chance.choice((last, 50.0))
    takes = target == "takes"
    return replace(
        script,
        acts=(*acts, Act(round(last, 2), "hang_up")),
        brain="uses:transfer_call" if by_model else chance.choice((PLAIN, "lags-first")),
        target=target,
        takes_at=round(chance.uniform(3.5, 8.0), 2) if takes else None,
        leaves_at=round(chance.uniform(9.0, 16.0), 2) if takes else round(chance.uniform(0.1, 8.0), 2),
        ends=frozenset({"api_ended"}) if len(acts) > 1 else frozenset(),
    )


# --- calls that come in


def _calls_in(script: Script, chance: Chance) -> Script:
    reply = chance.choice(("assistant", "assistant", "assistant", "own", "status-500", "garbage", "slow"))
    return _hung_up_after(script, chance, chance.uniform(0.1, 10.0), inbound=True, reply=reply)


def _ordered_to_end_inbound(script: Script, chance: Chance) -> Script:
    return replace(_ordered_to_end(script, chance), inbound=True)


def _turned_away(script: Script, chance: Chance) -> Script:
    ends = frozenset({"rejected_by_webhook"})
    return replace(script, inbound=True, reply="error", acts=(Act(30.0, "hang_up"),), ends=ends, must=True)


def _gives_up(script: Script, chance: Chance) -> Script:
    """The caller gives up while it rings, and maybe is answered in the same moment."""
    at = round(chance.choice((0.0, chance.uniform(0.0, 0.4), chance.uniform(0.3, 3.0))), 2)
    return replace(
        script,
        inbound=True,
        reply=chance.choice(("assistant", "slow", "hangs")),
        gives_up_at=at,
        acts=(Act(0.5, "hang_up"),),
    )


def _consent(script: Script, chance: Chance) -> Script:
    """The caller agrees, declines, says nothing, or leaves."""
    settings = {"recording_consent": {"enabled": True, "message": "Press one if we may record."}}
    base = replace(script, inbound=True, settings=settings)
    match chance.choice(("agrees", "agrees", "declines", "mute", "leaves")):
        case "agrees":
            keys = Act(round(chance.uniform(0.5, 5.0), 2), "keys", "1")
            return replace(base, acts=(keys, Act(8.0, "speak", 1.0), Act(chance.uniform(8.5, 14.0), "hang_up")))
        case "declines":
            keys = Act(round(chance.uniform(0.5, 5.0), 2), "keys", "2")
            return replace(base, acts=(keys, Act(40.0, "hang_up")), ends=frozenset({"consent_declined"}), must=True)
        case "mute":
            return replace(base, acts=(Act(60.0, "hang_up"),), ends=frozenset({"consent_timeout"}), must=True)
        case _:
            return replace(base, acts=(Act(round(chance.uniform(0.1, 12.0), 2), "hang_up"),))


def _transferred_inbound(script: Script, chance: Chance) -> Script:
    return replace((_warm if chance.random() < 0.5 else _transferred)(script, chance), inbound=True)


KINDS: dict[str, tuple[Maker, float]] = {
    "talks": (_talks, 22),
    "refuses": (_refuses, 8),
    "rings on": (_rings_on, 3),
    "is silent": (_is_silent, 2),
    "cancelled": (_cancelled, 5),
    "answers the cancel": (_answers_the_cancel, 2),
    "ordered to end": (_ordered_to_end, 8),
    "end and hang up": (_end_and_hang_up, 5),
    "model ends": (_model_ends, 4),
    "tools": (_tools, 9),
    "silence": (_silence, 3),
    "too long": (_too_long, 2),
    "no sound": (_no_sound, 2),
    "sound stops": (_sound_stops, 2),
    "odd packets": (_odd_packets, 4),
    "provider fails": (_provider_fails, 5),
    "provider stumbles": (_provider_stumbles, 4),
    "hung up on a failure": (_hung_up_on_a_failure, 4),
    "vendor": (_vendor, 6),
    "transfer": (_transferred, 8),
    "warm transfer": (_warm, 9),
    "inbound": (_calls_in, 10),
    "inbound ordered to end": (_ordered_to_end_inbound, 4),
    "inbound turned away": (_turned_away, 3),
    "inbound gives up": (_gives_up, 5),
    "inbound consent": (_consent, 5),
    "inbound transfer": (_transferred_inbound, 5),
}
"""Every kind of call, and how often it comes."""


def draw(number: int, seed: int, kinds: dict[str, tuple[Maker, float]] = KINDS) -> Script:
    """Call ``number`` of a soak: the same for the same seed."""
    chance = random.Random(f"{seed}/{number}")
    names = list(kinds)
    kind = chance.choices(names, [kinds[name][1] for name in names])[0]
    script = Script(number, kind, ring_seconds=round(chance.uniform(0, 1.0), 2), seed=chance.getrandbits(32))
    made = kinds[kind][0](script, chance)
    return replace(made, acts=tuple(sorted(made.acts, key=lambda act: act.at)))
