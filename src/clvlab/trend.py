"""A figure over the days on which it was known, as a small line among text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from clvlab.wording import Words

WIDTH, HEIGHT = 120, 28
_LINE = Markup(
    '<svg role="img" aria-label="{said}" width="{width}" height="{height}" viewBox="-2 0 {room} {height}">'
    '<title>{said}</title><polyline fill="none" stroke="currentColor" stroke-width="1.5" points="{points}"/></svg>'
)


@dataclass(frozen=True)
class Trend:
    """A headline figure over several days: the latest, and all of them as points of a line, oldest first."""

    measure: str
    kind: str
    days: Sequence[str | date]
    values: Sequence[float]

    @property
    def points(self) -> str:
        """The line within WIDTH x HEIGHT, as SVG has it; days are evenly apart."""
        low, high = min(self.values), max(self.values)
        step = WIDTH / max(len(self.values) - 1, 1)
        heights = [(high - value) / (high - low) if high > low else 0.5 for value in self.values]
        return " ".join(f"{place * step:.1f},{2 + at * (HEIGHT - 4):.1f}" for place, at in enumerate(heights))

    def svg(self, words: Words) -> Markup:
        """The line with what it shows as a text for those who do not see it; nothing without two days.

        >>> print(Trend("customers", "int", ["2024-01-31"], [5.0]).svg(Words("en")))
        <BLANKLINE>
        """
        if len(self.values) < 2:
            return Markup()
        first, last = (words.number(self.values[place], self.kind) for place in (0, -1))
        said = words("page.trend", first=first, day=self.days[0], last=last, until=self.days[-1])
        return _LINE.format(said=said, width=WIDTH, height=HEIGHT, room=WIDTH + 4, points=self.points)
