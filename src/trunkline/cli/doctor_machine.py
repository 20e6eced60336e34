"""Examines the machine: its disk, processor, timers and limits."""

import contextlib
import os
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from trunkline.cli.doctor_findings import Finding, Patient, fail, ok, warn

MEBIBYTE = 1 << 20
PROBE_BYTES = 16 * MEBIBYTE
LEAST_FREE_BYTES = 512 * MEBIBYTE
LOW_FREE_BYTES = 5 * 1024 * MEBIBYTE
SLOW_MEBIBYTES_PER_SECOND = 20.0
SLOW_SYNC_SECONDS = 0.05
CALLS_PER_CORE = 100
FILES_PER_CALL = 12
FILES_BESIDE = 256
TIMER_SECONDS = 0.001
LATE_SECONDS = 0.005
TIMER_LOOKS = 50


async def examine(patient: Patient) -> list[Finding]:
    """All of it."""
    return [*disk(patient.data_dir), processor(patient), open_files(patient), timers(), monotonic()]


def disk(folder: Path) -> Iterator[Finding]:
    """Whether the data directory can be written, has room, and is quick enough."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        seconds, sync = _written(folder)
    except OSError as error:
        why = error.strerror or type(error).__name__
        todo = "give the platform's user the right to write there, make room, or set TRUNKLINE_DATA_DIR to another directory"
        yield fail("data directory", f"{folder} cannot be written: {why}", todo)
        return
    size = f"{free / MEBIBYTE / 1024:.1f} GiB free at {folder}"
    if free < LEAST_FREE_BYTES:
        yield fail("disk space", size, "make room: without it, calls are not recorded and then not taken any more")
    elif free < LOW_FREE_BYTES:
        yield warn("disk space", size, "make room, or shorten how long organisations keep their calls")
    else:
        yield ok("disk space", size)
    speed = PROBE_BYTES / MEBIBYTE / max(seconds, 1e-6)
    says = f"{speed:.0f} MiB/s, {sync * 1000:.1f} ms to make a small write last"
    if speed < SLOW_MEBIBYTES_PER_SECOND or sync > SLOW_SYNC_SECONDS:
        yield warn("disk speed", says, "put the data directory on a local SSD; every fact of a call is written there")
    else:
        yield ok("disk speed", says)


def _written(folder: Path) -> tuple[float, float]:
    """How long a large write took, and a small one that is made to last. Raises OSError."""
    probe = folder / f".doctor-{os.getpid()}"
    try:
        with probe.open("wb") as file:
            began = time.perf_counter()
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
            large = time.perf_counter() - began
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            return large, time.perf_counter() - began
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def processor(patient: Patient) -> Finding:
    """Whether there are cores enough for the calls that are allowed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = patient.settings.max_calls
    says = f"{cores} for up to {most} calls"
    if most > CALLS_PER_CORE * cores:
        todo = f"set TRUNKLINE_MAX_CALLS to {CALLS_PER_CORE * cores} or less, or use a larger machine"
        return warn("processor cores", says, todo)
    if cores == 1:
        return warn("processor cores", says, "a second core keeps sound even while reports and analyses are made")
    return ok("processor cores", says)


def open_files(patient: Patient) -> Finding:
    """Whether the process may have as many files and sockets open as its calls need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES_BESIDE + FILES_PER_CALL * patient.settings.max_calls
    unlimited = soft == resource.RLIM_INFINITY
    says = f"{'no limit' if unlimited else soft}; {patient.settings.max_calls} calls may need {needed}"
    if unlimited or soft >= needed:
        return ok("open files", says)
    most = "unlimited" if hard == resource.RLIM_INFINITY else str(hard)
    return warn("open files", says, f"raise it: ulimit -n {needed} (at most {most}), or LimitNOFILE= in the unit")


def timers() -> Finding:
    """How late a short sleep ends: sound is moved every 20 ms."""
    late = []
    for _ in range(TIMER_LOOKS):
        began = time.perf_counter()
        time.sleep(TIMER_SECONDS)
        late.append(time.perf_counter() - began - TIMER_SECONDS)
    usual, worst = sorted(late)[TIMER_LOOKS // 2], max(late)
    says = f"a sleep of 1 ms ends {usual * 1000:.2f} ms late, at worst {worst * 1000:.1f} ms"
    if usual > LATE_SECONDS:
        return warn("timers", says, "sound will stutter: give the machine more processor, or turn off power saving")
    return ok("timers", says)


def monotonic() -> Finding:
    """Whether the clock that intervals are measured with runs as the one on the wall."""
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.1)
    apart = abs((time.time() - wall) - (time.monotonic() - steady))
    if apart > 0.05:
        return warn(
            "steady clock", f"it ran {apart * 1000:.0f} ms apart from the wall clock in 0.1 s", "let NTP slew, not step"
        )
    return ok("steady clock", f"resolution {time.get_clock_info('monotonic').resolution * 1e9:.0f} ns")
