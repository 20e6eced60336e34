"""Example scripts for the local brain, ready to be copied: appointment, survey, delivery, payment."""

from importlib.resources import files

from trunkline.base.errors import NotFound
from trunkline.domain.assistant import Script

EXAMPLE_SCRIPTS = ("appointment", "survey", "delivery", "payment")


def example_script(name: str) -> Script:
    """The example of that name; its variables are still open (``{{name}}``). Raises NotFound."""
    if name not in EXAMPLE_SCRIPTS:
        raise NotFound(f"There is no example script {name!r}; there are {', '.join(EXAMPLE_SCRIPTS)}.")
    text = files("trunkline.providers.local.scripts").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return Script.model_validate_json(text)
