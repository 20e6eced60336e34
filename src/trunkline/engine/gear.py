"""What the calls of one worker share: the ways out, the models, the clock of the media, the journal."""

from dataclasses import dataclass

from trunkline.base.clock import Clock
from trunkline.engine.backdrop import Loops
from trunkline.engine.breaker import Breakers
from trunkline.engine.media import Media
from trunkline.engine.recorder import Recorder
from trunkline.engine.shelf import Shelf
from trunkline.ports.carrier import Carrier
from trunkline.ports.journal import Journal
from trunkline.ports.models import Models
from trunkline.ports.toolrunner import ToolRunner
from trunkline.ports.turn import TurnModel


@dataclass(frozen=True, slots=True)
class Gear:
    """Made once per worker by the supervisor, handed to every session."""

    carrier: Carrier
    models: Models
    turn: TurnModel | None
    tools: ToolRunner
    journal: Journal
    media: Media
    recorder: Recorder
    shelf: Shelf
    loops: Loops
    clock: Clock
    breakers: Breakers
