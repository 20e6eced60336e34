"""Orders to a live call as they are asked for."""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from trunkline.api.schemas.base import Asked, Shown
from trunkline.base.errors import Invalid
from trunkline.domain import commands
from trunkline.services.validation import checked, invalid


class InjectContext(Asked):
    """Tells the model something."""

    type: Literal["inject-context"] = Field(description="Which order this is.")
    content: str = Field(min_length=1, max_length=20_000, description="What it should know.")
    trigger_response: bool = Field(False, description="Whether it speaks about it at once.")

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        return commands.InjectContext(self.content, self.trigger_response)


class Say(Asked):
    """Speaks these words."""

    type: Literal["say"] = Field(description="Which order this is.")
    content: str = Field(min_length=1, max_length=20_000, description="The words.")
    end_after: bool = Field(False, description="Whether the call ends when they were spoken.")
    interruptible: bool = Field(True, description="Whether the party can cut them off.")

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        return commands.Say(self.content, self.end_after, self.interruptible)


class EndCall(Asked):
    """Ends the call, or cancels it before it is answered."""

    type: Literal["end-call"] = Field(description="Which order this is.")
    message: str | None = Field(None, max_length=20_000, description="Last words.")

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        return commands.EndCall(self.message or None)


class Transfer(Asked):
    """Hands the party over."""

    type: Literal["transfer"] = Field(description="Which order this is.")
    destination: str = Field(max_length=300, description="To whom: E.164 or a SIP URI.")
    message: str | None = Field(None, max_length=20_000, description="Spoken before.")
    mode: Literal["blind", "warm"] = Field(
        "blind",
        description="`blind`: at once. `warm`: the party waits while the answering human is told who is calling, and why.",
    )
    summary_for_agent: bool | None = Field(
        None, description="With `warm`: whether the human is told what was said so far; left out, they are."
    )

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        mode = commands.TransferMode(self.mode)
        return commands.Transfer(self.destination, self.message or None, mode, self.summary_for_agent)


class SendDtmf(Asked):
    """Presses keys."""

    type: Literal["send-dtmf"] = Field(description="Which order this is.")
    digits: str = Field(
        min_length=1, max_length=128, pattern=r"^[0-9*#A-Dw]+$", description="0-9 * # A-D; w waits half a second."
    )

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        return commands.SendDtmf(self.digits)


class Mute(Asked):
    """Stops the assistant's listening."""

    type: Literal["mute"] = Field(description="Which order this is.")

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        return commands.Mute()


class Unmute(Asked):
    """Resumes the assistant's listening."""

    type: Literal["unmute"] = Field(description="Which order this is.")

    def command(self) -> commands.Command:
        """The order as the call takes it."""
        return commands.Unmute()


Order = InjectContext | Say | EndCall | Transfer | SendDtmf | Mute | Unmute


class Control(RootModel[Annotated[Order, Field(discriminator="type")]]):
    """One order to a live call."""


class ControlReply(Shown):
    """The order is on its way; what became of it follows as an event."""

    success: Literal[True] = Field(description="Always true.")
    message: str = Field(description="For people.")
    command_id: str = Field(description="Stands in the event that tells what became of it.")


ORDERS: dict[str, type[Order]] = {
    "inject-context": InjectContext,
    "say": Say,
    "end-call": EndCall,
    "transfer": Transfer,
    "send-dtmf": SendDtmf,
    "mute": Mute,
    "unmute": Unmute,
}


def command(body: dict[str, Any]) -> commands.Command:
    """The order in a body. Raises Invalid (``invalid_command``)."""
    kind = body.get("type")
    try:
        if not isinstance(kind, str) or kind not in ORDERS:
            raise invalid([f"type: must be one of {', '.join(ORDERS)}"])
        return checked(ORDERS[kind], body).command()
    except Invalid as error:
        raise Invalid(error.message, code="invalid_command", title="Invalid command", details=error.details) from None
