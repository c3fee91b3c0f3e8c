"""A what-if for rules: move a bound or a bin and see sizes, revenue, who moves, and whether it predicts better."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from clvlab.displays import Displayed, number
from clvlab.frames import CustomerSummary, Holdout, check_kind
from clvlab.grouping import Strategy, find
from clvlab.rule_change import RuleChange
from clvlab.wording import Language, Words


class WhatIf(Displayed):
    """A strategy as it was and as it has been changed so far, on the same customers.

    In a notebook it is shown with a slider or a field for each number; `change` does the same in Python.
    """

    def __init__(
        self, strategy: Strategy, calibration: CustomerSummary, holdout: Holdout | None, lang: Language
    ) -> None:
        self._words = Words(lang)
        self._start = self._state = RuleChange.none(strategy, calibration, holdout)

    def change(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> "WhatIf":
        """Change numbers of the strategy, as it is by now; nothing is changed where that cannot be.

        Parameters
        ----------
        values
            name -> value, for names that are no words, such as `signs.0.bound`
        named
            the same; `numbers` has the names. A tuple of numbers is given as a whole, and another part of the
            strategy, such as `cut`, as such

        Raises
        ------
        ClvlabError : there is no such number, or the strategy does not take that value

        Examples
        --------
        >>> import clvlab as cl
        >>> log = cl.datasets.cdnow(sample=True)
        >>> calibration, holdout = cl.split_holdout(log, "1997-09-30", "1998-06-30", "week")
        >>> cl.what_if("value_tiers", calibration, holdout).change(shares=(0.1, 0.4, 0.5)).moved
        236
        """
        self._state = self._state.changed({**(values or {}), **named})
        return self

    def reset(self) -> "WhatIf":
        """Back to the strategy as it was."""
        self._state = self._start
        return self

    @property
    def numbers(self) -> dict[str, Any]:
        """What can be changed, as it now is: name -> number, or tuple of numbers; None where customers decide."""
        return {name: each.value for name, each in self._state.numbers.items()}

    @property
    def strategy(self) -> Strategy:
        """The changed strategy, to go on with."""
        return self._state.after.strategy

    @property
    def table(self) -> pl.DataFrame:
        """group, rank, customers, share_customers and share_spend, each _before and _after; best group first."""
        return self._state.table

    @property
    def moves(self) -> pl.DataFrame:
        """before, after, customers: how many went from which group to which, those who stayed included."""
        return self._state.moves

    @property
    def moved(self) -> int:
        """How many customers are in another group than before."""
        return self._state.moved

    @property
    def score(self) -> pl.DataFrame:
        """metric, judged_by, before, after, change, low, high: the Gini in the holdout and its change (95 %).

        No rows without a holdout.
        """
        return self._state.score

    @property
    def _facts(self) -> str:
        told = (
            f"{self.strategy.name!r}, {self.moved:,} of {len(self._state.after.codes):,} customers in another group"
        )
        if self.score.is_empty():
            return f"{told}; no holdout to judge by"
        score = self.score.row(0, named=True)
        return f"{told}; Gini of the holdout {number(score['before'])}, then {number(score['after'])}"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.table


def what_if(
    strategy: str | Mapping[str, Any] | Strategy,
    calibration: CustomerSummary,
    holdout: Holdout | None = None,
    *,
    lang: Language = "en",
) -> WhatIf:
    """What would change if a rule were another: sizes, revenue, who moves, and how well it predicts.

    Parameters
    ----------
    strategy
        a strategy, its name, or what else `clvlab.grouping.find` takes
    calibration
        the customers, with the columns that the strategy needs
    holdout
        what they did next, by which the groups are judged; see `clvlab.split_holdout`
    lang
        language of what a notebook shows, "en" or "zh"

    Returns
    -------
    A `WhatIf`: `.change(n_bins=4)` in Python, sliders in a notebook; `.table`, `.moves`, `.score`, `.strategy`

    Examples
    --------
    >>> import clvlab as cl
    >>> log = cl.datasets.cdnow(sample=True)
    >>> calibration, holdout = cl.split_holdout(log, "1997-09-30", "1998-06-30", "week")
    >>> cl.what_if("value_tiers", calibration).numbers["shares"]
    (0.2, 0.3, 0.5)
    """
    check_kind("calibration", calibration, CustomerSummary, "clvlab.split_holdout")
    if holdout is not None:
        check_kind("holdout", holdout, Holdout, "clvlab.split_holdout")
    found = strategy if isinstance(strategy, Strategy) else find(strategy)
    return WhatIf(found, calibration, holdout, lang)
