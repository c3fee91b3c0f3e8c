"""The parameters of a comparison of strategies."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from clvlab.params.run import RunParams
from clvlab.params.strategies import ByAttribute, StrategyChoices
from clvlab.params.values import Length
from clvlab.units import Span


class CompareParams(RunParams):
    """The parameters of a comparison of strategies.

    Groups are formed on data up to `cutoff` and judged on what follows, up to `as_of`. `strategies` empty means
    all that the data can serve; `cutoffs` is at how many days to judge, each one holdout before the next; `rounds`
    bootstrap rounds draw the intervals; `acceptable_loss` is money that a simpler grouping may lose of what the best
    one's first 20 % of customers spend.
    """

    kind: ClassVar[Literal["", "report", "comparison"]] = "comparison"
    command: ClassVar[Literal["", "report", "compare"]] = "compare"
    nested: ClassVar[Mapping[str, Iterable[str]]] = {**RunParams.nested, "strategies": ByAttribute.__annotations__}

    holdout: Length = "39 weeks"
    strategies: StrategyChoices = ()
    cutoffs: Annotated[int, Field(ge=1, le=12)] = 1
    acceptable_loss: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    rounds: Annotated[int, Field(ge=20, le=10_000)] = 500
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The strategies that are named."""
        return self.strategies

    @property
    def cutoff(self) -> date:
        """Last day on which groups are formed: `as_of` less the holdout."""
        return self.as_of - timedelta(days=round(Span.parse(self.holdout).days))

    @property
    def grouped_on(self) -> date:
        """The cutoff."""
        return self.cutoff
