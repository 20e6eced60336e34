"""Follows a call: first what happened, then what happens, nothing lost and nothing twice."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from trunkline.domain.events import LiveEvent

Replay = Callable[[int], Awaitable[list[LiveEvent]]]


async def followed(
    subscribe: Callable[[], AsyncIterator[LiveEvent]], replay: Replay, after_seq: int
) -> AsyncGenerator[LiveEvent, None]:
    """The kept events after ``after_seq`` and then those that are live, until the final.

    A number that the live side skipped is read from what was kept. Events that are not kept (number 0) pass as they
    come. A live side that ends early (this reader was too slow for it) is asked again, as long as there is news.
    """
    seq, before = after_seq, -1

    def seen() -> int:
        return seq

    while seq > before:
        before = seq
        live = subscribe()
        arrivals = _arrivals(live, replay, seen)
        try:
            async for event in arrivals:
                if event.seq == 0 or event.seq > seq:
                    seq = max(seq, event.seq)
                    yield event
                if event.final:
                    return
        finally:
            await arrivals.aclose()
            if (close := getattr(live, "aclose", None)) is not None:
                await close()


async def _arrivals(
    live: AsyncIterator[LiveEvent], replay: Replay, seen: Callable[[], int]
) -> AsyncGenerator[LiveEvent, None]:
    for event in await replay(seen()):
        yield event
    async for event in live:
        if event.seq > seen() + 1:
            for missed in await replay(seen()):
                yield missed
        else:
            yield event
