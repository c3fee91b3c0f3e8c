"""Explore customers with the mouse: choose a group, select a region of a map, have these customers in Python."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from math import ceil, floor
from typing import Any

import polars as pl
from markupsafe import escape

from clvlab.charts import exploration as charts
from clvlab.charts import theme
from clvlab.charts.live import live
from clvlab.charts.notebook import Bundle, plain_chart
from clvlab.displays import number
from clvlab.errors import ParamsError, UnknownNameError, counted
from clvlab.exploration import ACROSS, MONEY, Bounds, Exploration, Range
from clvlab.frames import CustomerSummary, check_kind
from clvlab.frontend import takes_widgets, view_of
from clvlab.grouping import Rule, Strategy, find
from clvlab.params import WITH_MONEY, WITHOUT_MONEY
from clvlab.wording import Language, Name, Words


class Explorer:
    """Customers on a map, and those of them that are selected.

    In a notebook a group is chosen from a list and a region with the mouse; `choose` and `select` do the same in
    Python.
    """

    def __init__(self, exploration: Exploration, words: Words) -> None:
        self._of, self._words = exploration, words
        self._segment: str | None = None
        self._bounds: Bounds = {}

    @property
    def segment(self) -> str | None:
        """The code of the chosen group; None for all customers."""
        return self._segment

    @property
    def bounds(self) -> dict[str, Range]:
        """Column -> (lowest, highest) of what is selected, both included; empty where no region is."""
        return dict(self._bounds)

    @property
    def selected(self) -> pl.DataFrame:
        """The rows of the selected customers, with their `group`: all of the chosen group within the bounds.

        Customers are selected by their own columns, whatever cells of the map show.
        """
        return self._of.selected(self._segment, self._bounds)

    @property
    def groups(self) -> tuple[str, ...]:
        """The codes of the groups that have customers, best first."""
        return self._of.groups

    def choose(self, segment: str | None) -> "Explorer":
        """Choose a group by its code; None for all customers."""
        self._of.check(segment)
        self._segment = segment
        if "_view" in vars(self):
            self._view.show_segment(segment)
        return self

    def select(self, **bounds: Range | None) -> "Explorer":
        """Select by columns, such as `days_since_last=(0, 90)`; nothing, or None, lets go of what is selected.

        Parameters
        ----------
        bounds
            lowest and highest value of a column, both included

        Raises
        ------
        ParamsError : there is no such column, or these are not two numbers
        """
        for column, ends in bounds.items():
            if column not in self._of.data.columns:
                raise UnknownNameError("column", column, self._of.data.columns)
            _check_range(column, ends)
        self._bounds = {column: (min(ends), max(ends)) for column, ends in bounds.items() if ends is not None}
        if "_view" in vars(self):
            self._view.tell()
        return self

    def chart(self) -> Any:
        """The map and the distributions as an Altair chart, with what is chosen now."""
        total, chosen = len(self._of.data), self._of.selected(self._segment, {}).height
        title = self._words(
            "explore.title", segment=self.name(self._segment), customers=chosen, total=total, share=chosen / total
        )
        subtitle = self._words("explore.subtitle", as_of=self._of.customers.cutoff)
        alternative = self._words("charts.alternative", title=title, subtitle=subtitle)
        return theme.titled(self._panels(self._bounds), title, subtitle, alternative).configure(**theme.CONFIG)

    def name(self, segment: str | None) -> str:
        """What a group is called."""
        return self._words("explore.all") if segment is None else self._words.group(segment)

    def told(self) -> str:
        """How many customers are selected, and what they spent, in a sentence or two."""
        facts = self._of.facts(self.selected)
        figures = {"customers": facts["customers"], "share": facts["share_customers"]}
        if facts["share_spend"] is None:
            told = [self._words("explore.selected", **figures)]
        else:
            spend = {name: facts[name] for name in ("spend", "share_spend")}
            told = [self._words("explore.selected_spend", **figures, **spend)]
        if ACROSS in self._bounds and self._of.up in self._bounds:
            days, (low, high) = self._bounds[ACROSS], self._bounds[self._of.up]
            ends = {"days_low": ceil(days[0]), "days_high": floor(days[1]), "low": low, "high": high}
            told.append(self._words("explore.bounds", **ends, what=Name("columns", self._of.up)))
        return self._words.sentences(told)

    def brush(self, ends: Mapping[str, Sequence[float]]) -> None:
        """Take over the rectangle that was dragged; nothing in it lets go of what was selected."""
        columns = {charts.ACROSS: ACROSS, charts.UP: self._of.up}
        self._bounds = {columns[field]: (min(both), max(both)) for field, both in ends.items()}

    def _panels(self, bounds: Bounds) -> Any:
        fields = {ACROSS: charts.ACROSS, self._of.up: charts.UP}
        on_map = {fields[column]: ends for column, ends in bounds.items() if column in fields}
        return charts.panels(
            self._of.cells,
            self._of.distributions,
            self._words,
            up=self._of.up,
            segment=self._segment,
            bounds=on_map,
        )

    @cached_property
    def _view(self) -> "View":
        return View(self, live(self._panels({}).configure(**theme.CONFIG)), self._words)

    def __repr__(self) -> str:
        where = ", ".join(f"{column} {number(low)} to {number(high)}" for column, (low, high) in self._bounds.items())
        return (
            f"Explorer: {counted(self.selected.height, 'customer')} of {len(self._of.data):,} selected; "
            f"group {self._segment or 'all'!r}, region {where or 'all'}"
        )

    def _repr_mimebundle_(self, **_: Any) -> Bundle:
        data, metadata = plain_chart(self.chart())
        if takes_widgets("cl.explore"):
            data |= view_of(self._view.box)
        return data | {"text/plain": repr(self)}, metadata


def _check_range(column: str, ends: object) -> None:
    """Raise ParamsError unless these are two numbers, or None."""
    both = (0, 0) if ends is None else ends
    if not isinstance(both, tuple | list) or [isinstance(end, int | float) for end in both] != [True, True]:
        raise ParamsError(f"{column} is {ends!r}; give the lowest and the highest value, such as (0, 90), or None.")


class View:
    """The widgets of an explorer: a list of groups above the chart, and what is selected below it."""

    def __init__(self, explorer: Explorer, chart: Any, words: Words) -> None:
        library = import_module("ipywidgets")
        self._explorer, self._chart = explorer, chart
        self._choice = library.Dropdown(
            options=[(explorer.name(code), code or "") for code in (None, *explorer.groups)],
            value=explorer.segment or "",
            description=words("explore.segment"),
        )
        self._told = library.HTML()
        hint = library.HTML(words("explore.hint"))
        self.box = library.VBox([library.HBox([self._choice, hint]), chart, self._told])
        self._choice.observe(lambda change: explorer.choose(change["new"] or None), "value")
        chart.selections.observe(lambda change: self._brushed(change["new"].value), charts.BRUSH)
        self.tell()

    def show_segment(self, segment: str | None) -> None:
        """Choose the group on the chart and in the list."""
        self._choice.value = self._chart.params.segment = segment or ""
        self.tell()

    def _brushed(self, ends: Mapping[str, Sequence[float]]) -> None:
        self._explorer.brush(ends)
        self.tell()

    def tell(self) -> None:
        """Say below the chart what is selected."""
        self._told.value = str(escape(self._explorer.told()))


def explore(
    customers: CustomerSummary, rule: str | Mapping[str, Any] | Strategy | Rule | None = None, lang: Language = "en"
) -> Explorer:
    """Customers on a map of recency and spend, to choose a group from and to select a region of.

    Parameters
    ----------
    customers
        the customers, with the columns that the rule needs; with `clv`, where values have been joined, its
        distribution is shown as well
    rule
        a rule, a strategy, or its name; None for the one that a report takes by itself
    lang
        language of what is shown, "en" or "zh"

    Returns
    -------
    An `Explorer`: `explorer.selected` are the rows of the selected customers, `explorer.segment` is the chosen group

    Examples
    --------
    >>> import clvlab as cl
    >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
    >>> explorer = cl.explore(customers).choose("champions").select(total_spend=(200, 1000))
    >>> explorer.selected.height
    92
    """
    check_kind("customers", customers, CustomerSummary, "clvlab.summarise_customers")
    chosen = (WITH_MONEY if MONEY in customers.data.columns else WITHOUT_MONEY) if rule is None else rule
    if not isinstance(chosen, Rule):
        chosen = (chosen if isinstance(chosen, Strategy) else find(chosen)).fit(customers)
    return Explorer(Exploration(customers, chosen), Words(lang, own_groups=chosen.own))
