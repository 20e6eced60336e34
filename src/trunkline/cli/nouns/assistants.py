"""``trunkline assistant``: assistants."""

from typing import Annotated

import typer

from trunkline.cli.body import From, Set, body
from trunkline.cli.nouns.noun import Kind, add_common
from trunkline.cli.remote import Session, command

ASSISTANTS = Kind(
    "assistant",
    lambda client: client.assistants,
    ("id", "name", "business_name", "is_active", "first_message", "updated_at"),
)
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Assistants: who speaks.")
add_common(app, ASSISTANTS)


@command(app, "create")
def create(
    session: Session,
    name: Annotated[str | None, typer.Argument(help="Its name.")] = None,
    business_name: Annotated[str | None, typer.Option(help="On whose behalf it speaks.")] = None,
    first_message: Annotated[str | None, typer.Option(help="Its first words.")] = None,
    llm: Annotated[str | None, typer.Option(help="Who thinks: PROVIDER or PROVIDER/MODEL.")] = None,
    prompt: Annotated[str | None, typer.Option(help="What the model is told; needs --llm.")] = None,
    stt: Annotated[str | None, typer.Option(help="Who hears: PROVIDER or PROVIDER/MODEL.")] = None,
    tts: Annotated[str | None, typer.Option(help="Who speaks: PROVIDER or PROVIDER/VOICE.")] = None,
    record: Annotated[bool | None, typer.Option(help="Whether its calls are recorded.")] = None,
    max_seconds: Annotated[int | None, typer.Option(help="How long its calls may last.")] = None,
    settings: Set = None,
    source: From = None,
) -> None:
    """Make an assistant. Only a name is needed; who is not named for a part of it is the installation's default."""
    if prompt is not None and llm is None:
        raise typer.BadParameter("needs --llm, which says who is told", param_hint="--prompt")
    thinks = _model(llm, "model")
    if thinks is not None and prompt is not None:
        thinks["messages"] = [{"role": "system", "content": prompt}]
    options = {
        "name": name,
        "business_name": business_name,
        "first_message": first_message,
        "llm_config": thinks,
        "stt_config": _model(stt, "model"),
        "tts_config": _model(tts, "voice_id"),
        "recording_enabled": record,
        "max_duration_seconds": max_seconds,
    }
    made = session.client.assistants.create(**body(source, options, settings))
    session.out.one(made, f"Made assistant {made['id']}")


def _model(text: str | None, second: str) -> dict[str, object] | None:
    if text is None:
        return None
    provider, slash, model = text.partition("/")
    return {"provider": provider, **({second: model} if slash else {})}
