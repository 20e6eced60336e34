"""Dialling that loses no event.

The binding's ``dial()`` hears a call only after its command came back; an answer or a refusal that the stack reported
before that is lost, and the call would hang. So we listen first, and give the call what came early. It uses private
parts of the binding (``_listeners``, ``_on_stack_event``), which is why its version is pinned; a test watches over it.
"""

from collections.abc import Callable

from baresip import Call, Runtime, StackEvent, UserAgent

Listener = Callable[[StackEvent], None]


async def safe_dial(runtime: Runtime, agent: UserAgent, uri: str, headers: dict[str, str], listener: Listener) -> Call:
    """Sends the INVITE; ``listener`` gets every event of the call from the first on. Raises what ``dial()`` raises."""
    early: list[StackEvent] = []
    hear = early.append
    runtime.subscribe(hear)
    try:
        call = await agent.dial(uri, headers)
    finally:
        runtime._listeners[:] = [other for other in runtime._listeners if other is not hear]
    call.on(listener)
    for event in early:  # nothing was awaited since the call subscribed itself, so it sees none of these twice
        if event.call == call.handle:
            call._on_stack_event(event)
    return call
