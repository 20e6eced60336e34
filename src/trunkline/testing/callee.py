"""The simulated callee: a phone of its own, with its own SIP stack, ears and voice. It hears only what comes over RTP.

Run as a process: ``python -m trunkline.testing.callee --listen 127.0.0.1:5070 --persona patient``; with ``--also
+31612340002=guest`` (any number of times) calls to that number are taken by another persona. It prints one JSON object
a line: ready, ringing, answered, heard (its own recogniser's words), said, closed; all but ready name the number that
was ``called``.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Protocol

import numpy as np

from trunkline.audio.frame import to_float
from trunkline.audio.resample import Resampler
from trunkline.base.tasks import Crew
from trunkline.domain.assistant import SttConfig, TtsConfig
from trunkline.ports.carrier import Offer
from trunkline.ports.line import Answered, Closed, Line
from trunkline.ports.models import Final, Stt, SttStream, Tts
from trunkline.ports.vad import WINDOW_SAMPLES, Vad
from trunkline.providers.local.moonshine import MoonshineStt
from trunkline.providers.local.pico import PicoTts
from trunkline.providers.local.silero import SileroVad
from trunkline.telephony.sip.carrier import SipCarrier
from trunkline.telephony.sip.settings import SipSettings
from trunkline.testing.persona import PERSONAS, Mind, Persona

RING_SECONDS = 0.6
FRAME_SECONDS = 0.02
SPEECH_PROBABILITY = 0.5
QUIET_SECONDS = 0.4
LAST_WORDS_SECONDS = 3.0
THEN_SECONDS = 2.5
_CUT_IN = "\0"
"""Among the words heard: the moment to say something into them."""
RATE_HZ = 16_000


def tell(event: str, **facts: object) -> None:
    """Prints one event for whoever started us."""
    print(json.dumps({"event": event, "at": round(time.time(), 3), **facts}), flush=True)


class Tell(Protocol):
    """Tells one event of one call."""

    def __call__(self, event: str, **facts: object) -> None: ...


class Ears:
    """Cuts what the line brings into stretches of speech for the recogniser."""

    def __init__(self, vad: Vad, stream: SttStream, rate_hz: int) -> None:
        self._vad = vad
        self._slot = np.array([vad.take()], np.intp)
        self._stream = stream
        self._to_16k = Resampler(rate_hz, RATE_HZ)
        self._waiting = np.zeros(0, np.float32)
        self._quiet_since: float | None = None
        self._awaited = 0
        self.speaking = False

    @property
    def engaged(self) -> bool:
        """Whether the other side speaks, or words of theirs are still to come from the recogniser."""
        return self.speaking or self._awaited > 0

    def recognised(self) -> None:
        """The recogniser gave the words of one stretch of speech."""
        self._awaited -= 1

    def end(self) -> None:
        """The line is closed: what was being said is all there will be."""
        if self.speaking:
            self._end()

    def listen(self, pcm: bytes, now: float) -> None:
        """Takes the next sound of the line."""
        self._stream.push(pcm)
        self._waiting = np.concatenate([self._waiting, to_float(self._to_16k.push(pcm))])
        while len(self._waiting) >= WINDOW_SAMPLES:
            window, self._waiting = self._waiting[:WINDOW_SAMPLES], self._waiting[WINDOW_SAMPLES:]
            self._judge(float(self._vad.run(self._slot, window[None])[0]) > SPEECH_PROBABILITY, now)

    def close(self) -> None:
        """Gives the detector's slot back."""
        self._vad.give_back(int(self._slot[0]))

    def _judge(self, loud: bool, now: float) -> None:
        if loud:
            self._quiet_since = None
            if not self.speaking:
                self.speaking = True
                self._stream.speech_started()
        elif self.speaking:
            self._quiet_since = self._quiet_since or now
            if now - self._quiet_since >= QUIET_SECONDS:
                self._end()

    def _end(self) -> None:
        self.speaking, self._quiet_since = False, None
        self._awaited += 1
        self._stream.speech_ended()


class Callee:
    """Persons at one phone: whom a number belongs to answers, greets, listens, answers back, and hangs up when the other
    side does. ``personas`` are by the number that is called; ``persona`` has all the others."""

    def __init__(self, persona: Persona, personas: Mapping[str, Persona], stt: Stt, tts: Tts, vad: Vad) -> None:
        self._persona = persona
        self._personas = personas
        self._stt = stt
        self._tts = tts
        self._vad = vad

    async def take(self, offer: Offer) -> None:
        """Lives one call from its ringing to its end."""
        say = partial(tell, called=offer.called)
        say("ringing", caller=offer.caller)
        await asyncio.sleep(RING_SECONDS)
        line = await offer.answer()
        closed, answered = asyncio.Event(), asyncio.Event()
        async with Crew("callee") as crew:
            crew.start(_watch(line, answered, closed))
            await asyncio.wait(
                {crew.start(answered.wait()), crew.start(closed.wait())}, return_when=asyncio.FIRST_COMPLETED
            )
            say("answered", codec=line.sip.codec)
            persona = self._personas.get(offer.called, self._persona)
            await self._talk(Person(persona, line, self._tts, say), closed, crew)
        say("closed")

    async def _talk(self, person: "Person", closed: asyncio.Event, crew: Crew) -> None:
        line = person.line
        stream = await self._stt.open(SttConfig(provider="local"), line.sample_rate_hz)
        ears = Ears(self._vad, stream, line.sample_rate_hz)
        crew.start(person.hear(stream, ears))
        mouth = crew.start(person.converse(ears))
        try:
            while not closed.is_set() and not mouth.done():
                if pcm := line.read():
                    ears.listen(pcm, time.monotonic())
                    person.listen_in(ears, time.monotonic())
                await asyncio.sleep(FRAME_SECONDS)
            ears.end()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    while ears.engaged:  # noqa: ASYNC110
                        await asyncio.sleep(FRAME_SECONDS)
        finally:
            ears.close()
            await stream.aclose()
            await line.hang_up()


class Person:
    """Who is on the line in one call."""

    def __init__(self, persona: Persona, line: Line, tts: Tts, say: Tell) -> None:
        self.line = line
        self._persona = persona
        self._tts = tts
        self._tell = say
        self._heard: asyncio.Queue[str] = asyncio.Queue()
        self._turns = 0
        self._spoken_to_since: float | None = None
        self._interruption = persona.interruption

    def listen_in(self, ears: Ears, now: float) -> None:
        """Notices when it is time to say something into the other side's words."""
        if ears.speaking and self._spoken_to_since is None:
            self._spoken_to_since = now
        wanted, since = self._interruption, self._spoken_to_since
        if wanted is None or since is None or not ears.speaking or self._turns < wanted.after_turns:
            return
        if now - since >= wanted.after_seconds:
            self._heard.put_nowait(_CUT_IN)

    async def hear(self, stream: SttStream, ears: Ears) -> None:
        """Takes in what the recogniser makes of the other side."""
        async for result in stream.results():
            if isinstance(result, Final):
                ears.recognised()
            if isinstance(result, Final) and result.text:
                self._tell("heard", text=result.text)
                self._heard.put_nowait(result.text)

    async def converse(self, ears: Ears) -> None:
        """Greets, and answers until it has said its last."""
        mind = Mind(self._persona)
        await asyncio.sleep(0.3)
        if self._persona.greeting is not None:
            await self._say(self._persona.greeting)
        while True:
            heard = await self._whole_turn(ears)
            if heard is None and self._interruption is not None:
                says, self._interruption = self._interruption.says, None
                await self._speak(says)
                continue
            reaction = mind.answer(heard or "")
            if reaction is None:
                continue
            await self._speak(reaction.says)
            if reaction.closes:
                return
            if reaction.then is not None:
                await asyncio.sleep(THEN_SECONDS)
                await self._speak(reaction.then)

    async def _speak(self, text: str) -> None:
        await self._say(text)
        self._forget()
        self._turns += 1
        self._spoken_to_since = None

    def _forget(self) -> None:
        """Scraps that fell into its own words are no turn to answer."""
        while not self._heard.empty():
            self._heard.get_nowait()

    async def _whole_turn(self, ears: Ears) -> str | None:
        """What the other side says until it has been quiet for the persona's patience; None where that is not waited
        for, because there is something to say into it."""
        words = [await self._heard.get()]
        while True:
            if _CUT_IN in words:
                return None
            with suppress(TimeoutError):
                words.append(await asyncio.wait_for(self._heard.get(), self._persona.patience_seconds))
                continue
            if not ears.engaged:
                return " ".join(words)

    async def _say(self, text: str) -> None:
        line = self.line
        config = TtsConfig(provider="local", voice_id=self._persona.voice, speed=self._persona.speed)
        voice = await self._tts.open(config, line.sample_rate_hz)
        higher = Resampler(round(line.sample_rate_hz * self._persona.pitch), line.sample_rate_hz)
        self._tell("said", text=text)
        try:
            async for pcm in voice.speak(text):
                await _play(line, higher.push(pcm))
            await _play(line, higher.flush())
            await asyncio.sleep(line.buffered() / (2 * line.sample_rate_hz))
        finally:
            await voice.aclose()


async def _play(line: Line, pcm: bytes) -> None:
    """Writes all of it, at the pace at which the line takes it: the line holds about two seconds."""
    while pcm:
        taken = line.write(pcm)
        pcm = pcm[taken:]
        if pcm:
            await asyncio.sleep(10 * FRAME_SECONDS)


async def _watch(line: Line, answered: asyncio.Event, closed: asyncio.Event) -> None:
    async for event in line.events():
        if isinstance(event, Answered):
            answered.set()
        elif isinstance(event, Closed):
            closed.set()


async def run(listen: str, rtp_ports: str, persona: Persona, personas: Mapping[str, Persona]) -> None:
    """Answers calls, one after the other or several at once, until the process is told to stop."""
    callee = Callee(persona, personas, MoonshineStt(), PicoTts(), SileroVad())
    async with SipCarrier(SipSettings(listen=listen, rtp_ports=rtp_ports)) as carrier, Crew("phone") as crew:
        tell("ready", listen=listen)
        async for offer in carrier.offers():
            crew.start(callee.take(offer))


def _other(text: str) -> tuple[str, Persona]:
    number, _, name = text.partition("=")
    if name not in PERSONAS:
        raise argparse.ArgumentTypeError(f"{text!r} is not NUMBER=PERSONA; the personas are {', '.join(PERSONAS)}")
    return number, PERSONAS[name]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A simulated callee with its own phone.")
    parser.add_argument("--listen", required=True, help="address:port of its SIP")
    parser.add_argument("--rtp-ports", default="40000-41999", help="its range of ports for sound")
    parser.add_argument("--persona", choices=sorted(PERSONAS), default="patient")
    parser.add_argument("--also", type=_other, action="append", default=[], metavar="NUMBER=PERSONA")
    options = parser.parse_args()
    asyncio.run(run(options.listen, options.rtp_ports, PERSONAS[options.persona], dict(options.also)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.stdout.flush()
        os._exit(0)
