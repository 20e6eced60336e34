"""Credit: what is left of an organisation's minutes and money, and whether that covers what was used."""

from dataclasses import dataclass

DUST = 1e-6
"""Of a minute or a US dollar: less than this is what adding many fractions leaves behind, and no credit."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Minutes and credits (US dollars) that are left; None where that is not metered."""

    minutes: float | None = None
    credits: float | None = None

    @property
    def is_metered(self) -> bool:
        """Whether anything is counted down."""
        return self.minutes is not None or self.credits is not None

    def covers(self, minutes: float = 0.0, cost: float = 0.0) -> bool:
        """Whether something is left once so many minutes and US dollars were used."""
        return _is_left(self.minutes, minutes) and _is_left(self.credits, cost)


def _is_left(balance: float | None, used: float) -> bool:
    return balance is None or balance - used > DUST
