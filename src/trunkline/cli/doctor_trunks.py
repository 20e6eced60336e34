"""Examines the phone line: whether the SIP stack starts, what it offers, and whether each trunk answers and lets us in."""

import asyncio
import socket
from dataclasses import replace

from trunkline.app.compose import open_rooms
from trunkline.base.errors import TrunklineError
from trunkline.cli.doctor_findings import Finding, Patient, fail, ok, warn
from trunkline.cli.doctor_network import outgoing
from trunkline.domain.plan import TrunkPlan
from trunkline.domain.trunk import Trunk
from trunkline.ports.carrier import Carrier, Dial, ProbeStep
from trunkline.storage.inspecting import inspect
from trunkline.telephony.catalogue import carrier
from trunkline.telephony.sip.message import codecs
from trunkline.telephony.sip.settings import SipSettings

MOST_TRUNKS = 1000
INVITE_SECONDS = 5.0
WANTED = ("pcmu", "pcma", "g722", "opus")
_ADVICE = {
    "dns": "correct the trunk's address",
    "options": "look at address, port and transport, and whether the provider lets this machine's address in",
    "register": "correct auth_username and auth_password, and ask the provider whether the account may register",
}


async def examine(patient: Patient) -> list[Finding]:
    """All of it."""
    try:
        found = await stored(patient)
    except TrunklineError as error:
        return [warn("trunks", f"could not be read: {error.message}", "mend the database first")]
    settings = patient.settings
    host = settings.sip_listen.rpartition(":")[0]
    sip = SipSettings(
        listen=f"{host}:0", rtp_ports=settings.rtp_ports, stun=settings.stun, tls_ca=settings.sip_tls_ca, tear_down=True
    )
    try:
        async with carrier(sip) as line:
            offered = await _codecs(line, host)
            asked = await asyncio.gather(*(_trunk(line, patient, trunk) for trunk in found))
            for trunk in found:
                await line.forget(trunk.id)
    except TrunklineError as error:
        return [fail("SIP stack", error.message, "free the port, or set TRUNKLINE_SIP_LISTEN")]
    nothing = [] if found else [_no_trunks(patient)]
    return [ok("SIP stack", "starts"), offered, *(finding for findings in asked for finding in findings), *nothing]


async def stored(patient: Patient) -> list[Trunk]:
    """The active trunks of all organisations, or the one that is wanted. Raises TrunklineError."""
    facts = await inspect(patient.settings.database_url, patient.data_dir)
    if facts.form is None or not facts.is_current:
        return []
    async with open_rooms(patient.settings) as rooms, rooms.database.system(write=False) as unit:
        trunks, _ = await unit.trunks.list_(MOST_TRUNKS, 0)
    wanted = patient.trunk_id
    return [trunk for trunk in trunks if (trunk.id == wanted if wanted is not None else trunk.is_active)]


def _no_trunks(patient: Patient) -> Finding:
    if patient.trunk_id is not None:
        return fail("trunk", f"there is no trunk {patient.trunk_id}", "look at GET /sip-trunks for the ids")
    return warn("trunks", "there is none: no call can be made or taken", "make one: POST /sip-trunks")


async def _trunk(line: Carrier, patient: Patient, trunk: Trunk) -> list[Finding]:
    name = f"trunk {trunk.name!r}"
    plan = trunk.plan()
    beside = patient.running is not None and plan.register
    steps = await line.probe(replace(plan, register=False) if beside else plan)
    found = [_step(name, step) for step in steps if step.ok is not None]
    if beside:
        todo = f"POST /sip-trunks/{trunk.id}/test makes the running platform register"
        found.append(ok(f"{name}: register", f"left to the platform that runs here; {todo}"))
    elif trunk.auth_username is not None and not plan.register:
        found.append(ok(f"{name}: auth", "a trunk without registration shows at the first call whether it takes them"))
    return found


def _step(name: str, step: ProbeStep) -> Finding:
    check = f"{name}: {step.name}"
    if step.ok:
        return ok(check, f"{step.detail} ({step.duration_ms:.0f} ms)")
    return fail(check, step.detail, _ADVICE.get(step.name, "look at the trunk's settings"))


async def _codecs(line: Carrier, host: str) -> Finding:
    """What an INVITE of ours offers, as it stands on the wire: one is sent to a socket of our own."""
    check, address = "codecs", outgoing() if host == "0.0.0.0" else host
    if address is None:
        return warn(check, "not looked at: this machine has no way out", "connect it to a network")
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.setblocking(False)
        phone.bind((address, 0))
        plan = TrunkPlan("doctor", 1, "doctor", address, phone.getsockname()[1], codecs=WANTED)
        leg = await line.dial(Dial(plan, "+10000000000", "+10000000000", ring_seconds=INVITE_SECONDS))
        try:
            invite = await asyncio.wait_for(loop.sock_recv(phone, 65535), INVITE_SECONDS)
        except TimeoutError:
            return fail(check, "the SIP stack sent no INVITE", "look whether a firewall on this machine stops UDP")
        finally:
            await leg.hang_up()
    offered = codecs(invite.decode("utf-8", "replace"))
    if missing := [name for name in WANTED if name not in offered]:
        todo = "install baresip-python anew: the wheel of this platform carries all four"
        return warn(check, f"{', '.join(offered)} are there, {', '.join(missing)} not", todo)
    return ok(check, ", ".join(offered))
