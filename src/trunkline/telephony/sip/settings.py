"""What the built-in SIP stack is started with."""

import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

MAX_LEGS = 250
"""The stack refuses its 256th call; we stop before it does."""

JITTER_FLOOR_SECONDS = 0.01
JITTER_BUFFER_MS = "10-100"
"""A floor of 10 ms delays a good line by as much; below it, the stack takes its own timer's steps for jitter."""

_SYSTEM_CA_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True, slots=True)
class SipSettings:
    """Settings of one SIP stack.

    ``listen`` is ``address:port`` (UDP and TCP; TLS one port above). A loopback address pins the stack to it: then it
    dials nothing else. ``codecs`` and ``srtp`` are for calls that come in; a trunk brings its own for those that go
    out. ``tls_ca`` checks the trunks' certificates (default: the system's). ``tls_certificate`` (PEM, certificate and
    key) is ours, for TLS calls that come in. ``digest`` (MD5 or SHA-256) is how
    callers prove who they are. ``trace`` logs every SIP message, which holds phone numbers.
    ``tear_down`` stops the native threads on closing; without it they are left standing for the process to end under.
    """

    listen: str = "127.0.0.1:5060"
    rtp_ports: str = "20000-29999"
    stun: str | None = None
    tls_ca: str | Path | None = None
    tls_certificate: str | Path | None = None
    trace: bool = False
    codecs: tuple[str, ...] = field(default=("pcmu", "pcma", "g722", "opus"))
    srtp: str = "off"
    digest: str = "MD5"
    max_legs: int = MAX_LEGS
    tear_down: bool = False

    @property
    def host(self) -> str:
        """The address of ``listen``."""
        return self.listen.rpartition(":")[0]

    @property
    def interface(self) -> str | None:
        """The address that the stack is pinned to; None where it finds its way by the routing table."""
        address = ip_address(self.host)
        return None if address.is_unspecified else str(address)

    def tls_context(self) -> ssl.SSLContext:
        """The checks that the stack makes on a trunk's certificate: its chain and its name."""
        return ssl.create_default_context(cafile=_ca_file(self.tls_ca))

    def stack_lines(self, listen: str) -> str:
        """The configuration of the stack that has no field of its own.

        The jitter buffer puts packets in their order and waits as long as this call's packets need, up to 0.1 s.
        """
        lines = [
            f"sip_listen {listen}",
            f"rtp_ports {self.rtp_ports}",
            "audio_jitter_buffer_type adaptive",
            f"audio_jitter_buffer_ms {JITTER_BUFFER_MS}",
            "dns_getaddrinfo yes",
            "sip_verify_server yes",
        ]
        if (authorities := _ca_file(self.tls_ca)) is not None:
            lines.append(f"sip_cafile {authorities}")
        if self.tls_certificate is not None:
            lines.append(f"sip_certificate {self.tls_certificate}")
        return "\n".join(lines) + "\n"


def _ca_file(configured: str | Path | None) -> str | None:
    if configured is not None:
        return str(configured)
    candidates = (ssl.get_default_verify_paths().cafile, *_SYSTEM_CA_FILES)
    return next((path for path in candidates if path and Path(path).is_file()), None)
