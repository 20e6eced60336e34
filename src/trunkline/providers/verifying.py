"""Whether a vendor takes a key: one way to ask for each vendor, whatever it is used for."""

from collections.abc import Awaitable, Callable, Mapping

from pydantic import SecretStr

from trunkline.base.errors import Invalid, Upstream
from trunkline.providers.llm import verifying as thinking
from trunkline.providers.mail import resend as mailing
from trunkline.providers.stt import verifying as hearing
from trunkline.providers.tts import verifying as speaking
from trunkline.providers.vendor import Vendor

_ASKED: Mapping[str, Callable[[Vendor, SecretStr], Awaitable[None]]] = {
    **dict.fromkeys(thinking.VERIFIED, thinking.verify),
    "deepgram": hearing.verify,
    "gladia": hearing.verify,
    "elevenlabs": speaking.verify,
    "inworld": speaking.verify,
    "resend": mailing.verify,
}


async def verify(vendors: Mapping[str, Vendor], name: str, key: SecretStr) -> None:
    """Asks the vendor of this name. Raises Invalid where it does not take the key (``key_refused``) or cannot be asked by
    us at all (``not_available``), and Upstream where it does not answer."""
    if name not in _ASKED:
        problem = f"a key for {name} cannot be tested; store it without verify"
        raise Invalid(problem, code="not_available", details=[f"provider: {problem}"])
    vendor = vendors[name]
    try:
        await _ASKED[name](vendor, key)
    except Invalid:
        raise _refused(name) from None
    except Upstream as error:
        if error.status == 401:
            raise _refused(name) from None
        raise


def _refused(name: str) -> Invalid:
    problem = f"{name} does not take this key; nothing was stored"
    return Invalid(problem, code="key_refused", title="Key refused", details=[f"api_key: {problem}"])
