"""Phones that we did not write, for tests to call and be called by: SIPp scenarios and Debian's baresip."""

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from trunkline.testing.ports import free_port, is_free

SCENARIOS = Path(__file__).parent / "telephony" / "sipp"
_START_SECONDS = 8.0


def require(program: str, package: str) -> str:
    """The path of an installed program; fails the test with what to install."""
    path = shutil.which(program)
    assert path is not None, f"{program} is not installed: apt-get install {package}"
    return path


class Peer:
    """A program that runs for a test, in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="peer-"))
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the program, if it still runs, and removes its folder."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command: Sequence[str]) -> None:
        """Starts the program."""
        with (self.folder / "out").open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def ready_at(self, port: int) -> bool:
        """Waits until the program has taken its port; False where it ended (another program was quicker to take one)."""
        until = time.monotonic() + _START_SECONDS
        while is_free(port):
            assert self.process is not None
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < until, f"the peer did not start: {self.output()}"
            time.sleep(0.02)
        return True

    def output(self) -> str:
        """What the program printed."""
        return (self.folder / "out").read_text(errors="replace")

    async def ended(self, seconds: float = 10.0) -> int:
        """The program's exit code, once it ended by itself."""
        assert self.process is not None
        code = await asyncio.to_thread(self.process.wait, seconds)
        await asyncio.sleep(0.05)
        return code


class SippUas(Peer):
    """SIPp that waits for calls and plays a scenario; what it hears as sound it sends back.

    ``scenario`` is a file's name in ``tests/telephony/sipp`` or a path; ``keys`` fill its ``@name@`` places.
    ``calls=None`` takes any number of calls.
    """

    def __init__(
        self,
        scenario: str | Path = "uas_answer",
        *,
        transport: str = "udp",
        calls: int | None = 1,
        keys: Mapping[str, str] | None = None,
        echo: bool = True,
    ) -> None:
        super().__init__()
        self._scenario = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
        self._transport = transport
        self._calls = calls
        self._keys = dict(keys or {})
        self._echo = echo
        self.port = 0

    def start(self) -> int:
        """Starts it and gives its SIP port."""
        for _ in range(4):
            self.port = free_port()
            self.run([*self._command(self.port), *(["-rtp_echo"] if self._echo else [])])
            if self.ready_at(self.port):
                return self.port
        raise AssertionError(f"SIPp ends at once: {self.output()}")

    def messages(self) -> str:
        """Every SIP message that it sent or got."""
        found = sorted(self.folder.glob("*messages.log"))
        return found[0].read_text(errors="replace") if found else ""

    def request(self, method: str) -> dict[str, str]:
        """The headers of the first request of that method that it got, with ``uri``."""
        return next(self.requests(method))

    def requests(self, method: str) -> Iterator[dict[str, str]]:
        """The headers of the requests of that method that it got, in order."""
        for block in self.messages().split("-----------------------------------------------")[1:]:
            lines = [line.strip() for line in block.splitlines() if line.strip()]
            if "received" not in block or not (start := [n for n, x in enumerate(lines) if x.startswith(f"{method} ")]):
                continue
            headers = (line.partition(":") for line in lines[start[0] + 1 :] if ":" in line)
            yield {"uri": lines[start[0]].split(" ")[1], **{name: value.strip() for name, _, value in headers}}

    def _command(self, port: int) -> list[str]:
        text = self._scenario.read_text()
        for name, value in self._keys.items():
            text = text.replace(f"@{name}@", value)
        (self.folder / "scenario.xml").write_text(text)
        return [
            require("sipp", "sip-tester"),
            *("-sf", "scenario.xml"),
            *("-t", "t1" if self._transport == "tcp" else "u1"),
            *("-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1", "-mp", str(free_port(3))),
            *(["-m", str(self._calls)] if self._calls is not None else []),
            *("-nostdin", "-trace_msg", "-trace_err", "-timeout", "40s"),
        ]


class SippUac(SippUas):
    """SIPp that calls ``address`` (host:port) and asks for ``user``, from ``host``; ``more`` are its own options."""

    def __init__(
        self,
        scenario: str | Path,
        address: str,
        user: str = "+31201234567",
        *,
        host: str = "127.0.0.1",
        more: Sequence[str] = (),
        **options: Any,
    ) -> None:
        super().__init__(scenario, **options)
        self._address = address
        self._user = user
        self._host = host
        self._more = tuple(more)

    def start(self) -> int:
        """Starts it and gives its own SIP port."""
        self.port = free_port()
        echo = ["-rtp_echo"] if self._echo else []
        command = [self._host if part == "127.0.0.1" else part for part in self._command(self.port)]
        self.run([*command, *echo, *self._more, "-s", self._user, self._address])
        return self.port


class BaresipPeer(Peer):
    """Debian's baresip: answers by itself, plays a sound, keeps what it hears, and takes orders.

    It answers to ``user`` alone. ``media_encryption`` is baresip's ``mediaenc`` (``srtp-mand``); ``certificate`` a PEM
    with key for TLS; ``tone`` mono PCM at ``rate_hz`` that it plays for a minute, over and over.
    """

    def __init__(
        self,
        *,
        user: str = "+31612345678",
        codecs: str = "PCMU,PCMA",
        media_encryption: str | None = None,
        certificate: Path | None = None,
        rate_hz: int = 8_000,
        tone: bytes = b"",
    ) -> None:
        super().__init__()
        self._user = user
        self._codecs = codecs
        self._encryption = media_encryption
        self._certificate = certificate
        self._rate_hz = rate_hz
        self._tone = tone or bytes(2 * rate_hz)
        self._tone *= 120 * rate_hz // len(self._tone) + 1  # it hangs up where its sound ends
        self._control: socket.socket | None = None
        self._unread = b""
        self.events: list[dict[str, Any]] = []
        self.port = 0

    @property
    def tls_port(self) -> int:
        """Where it takes TLS."""
        return self.port + 1

    @property
    def heard(self) -> Path:
        """The WAV of what it heard; complete once the call ended."""
        return next(self.folder.glob("*-dec.wav"))

    def start(self) -> int:
        """Starts it and gives its SIP port (UDP and TCP)."""
        for _ in range(4):
            self.port, control, media = free_port(), free_port(), free_port(9)
            self._write_files(control, media)
            self.run([require("baresip", "baresip-core"), "-f", str(self.folder)])
            if self.ready_at(self.port) and self.ready_at(control):
                self._control = socket.create_connection(("127.0.0.1", control), timeout=3)
                return self.port
        raise AssertionError(f"baresip ends at once: {self.output()}")

    def stop(self) -> None:
        """Hangs up its control connection and ends it."""
        if self._control is not None:
            self._control.close()
        super().stop()

    def order(self, command: str, parameters: str = "") -> None:
        """Gives one of its commands: ``dial``, ``hangup``, ``hold``, ``resume``, ``sndcode``."""
        assert self._control is not None
        text = json.dumps({"command": command, "params": parameters}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))

    async def happened(self, kind: str, count: int = 1, seconds: float = 5.0) -> list[dict[str, Any]]:
        """Its events of that type, once there are ``count``."""
        until = time.monotonic() + seconds
        while len(found := [event for event in self.events if event.get("type") == kind]) < count:
            assert time.monotonic() < until, f"no {kind} from the peer: {self.events}"
            self._take_events()
            await asyncio.sleep(0.02)
        return found

    def _take_events(self) -> None:
        assert self._control is not None
        self._control.setblocking(False)
        try:
            while chunk := self._control.recv(65536):
                self._unread += chunk
        except BlockingIOError:
            pass
        finally:
            self._control.setblocking(True)
        while b":" in self._unread:
            size, _, rest = self._unread.partition(b":")
            if len(rest) <= int(size):
                return
            self.events.append(json.loads(rest[: int(size)]))
            self._unread = rest[int(size) + 1 :]

    def _write_files(self, control: int, media: int) -> None:
        tone = self.folder / "tone.wav"
        with wave.open(str(tone), "wb") as out:
            stereo = self._codecs.endswith("/2")
            out.setparams((2 if stereo else 1, 2, self._rate_hz, 0, "NONE", ""))
            out.writeframes(np.repeat(np.frombuffer(self._tone, "<i2"), 2).tobytes() if stereo else self._tone)
        modules = ["g711", "g722", "opus", "srtp", "aufile", "aubridge", "sndfile"]
        config = [
            f"sip_listen 127.0.0.1:{self.port}",
            "net_interface 127.0.0.1",
            "module_path /usr/lib/baresip/modules",
            "audio_player aubridge,nobody",
            f"snd_path {self.folder}",
            f"audio_source aufile,{tone}",
            "audio_alert aufile,/dev/null",
            f"ausrc_srate {self._rate_hz}",
            f"auplay_srate {self._rate_hz}",
            "ausrc_format s16",
            "auplay_format s16",
            f"rtp_ports {media}-{media + 8}",
            *([f"sip_certificate {self._certificate}"] if self._certificate else []),
            *(f"module {name}.so" for name in modules),
            "module_tmp account.so",
            "module_app menu.so",
            "module_app ctrl_tcp.so",
            f"ctrl_tcp_listen 127.0.0.1:{control}",
        ]
        secure = f";mediaenc={self._encryption}" if self._encryption else ""
        account = (
            f"<sip:{self._user}@127.0.0.1:{self.port}>;regint=0;answermode=auto;audio_codecs={self._codecs}{secure}"
        )
        (self.folder / "config").write_text("\n".join(config) + "\n")
        (self.folder / "accounts").write_text(account + "\n")
        (self.folder / "contacts").write_text("\n")


@contextmanager
def deaf_port() -> Iterator[int]:
    """A UDP port on 127.0.0.1 that takes everything and answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield int(deaf.getsockname()[1])
