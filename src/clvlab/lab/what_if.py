"""A what-if for rules: move a bound or a bin and see sizes, revenue, who moves, and whether it predicts better."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from importlib import import_module
from typing import Any

import polars as pl
from markupsafe import Markup

from clvlab.displays import Displayed, number
from clvlab.errors import ClvlabError, ParamsError
from clvlab.frames import CustomerSummary, Holdout, check_kind
from clvlab.frontend import takes_widgets, view_of
from clvlab.grouping import Strategy, find
from clvlab.rule_change import RuleChange
from clvlab.strategy_numbers import Number, Value
from clvlab.tables import SIGNS
from clvlab.wording import Language, Words, catalogue


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
        self._follow()
        return self

    def _follow(self) -> None:
        """Have the widgets, if they are shown, show what now holds."""
        if "_view" in vars(self):
            self._view.show()

    def reset(self) -> "WhatIf":
        """Back to the strategy as it was."""
        self._state = self._start
        self._follow()
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
    def state(self) -> RuleChange:
        """The strategy before and after, with all that follows from it."""
        return self._state

    def show(self, lang: Language | None = None) -> Any:
        """Sentences and tables in English ("en") or Chinese ("zh"); None for the language that was chosen."""
        words = Words(lang or self._words.lang, own_groups=self._state.after.rule.own)
        return import_module("clvlab.presentation.rule_change").page_of(self._state, words)

    def _repr_html_(self) -> str:
        html: str = self.show()._repr_html_()
        return html

    @cached_property
    def _view(self) -> "View":
        return View(self, self._words)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return view_of(self._view.box) if takes_widgets("cl.what_if") else {}


class View:
    """The widgets of a what-if: a slider or a field for each number, and below them what would change."""

    def __init__(self, what_if: WhatIf, words: Words) -> None:
        self._what_if, self._words = what_if, words
        self._library = import_module("ipywidgets")
        self._fields = {name: self._field(name, each) for name, each in what_if.state.numbers.items()}
        self._wrong, self._page = self._library.HTML(), self._library.HTML()
        reset = self._library.Button(description=words("what_if.reset"))
        reset.on_click(lambda _: self._take(what_if.reset))
        self.box = self._library.VBox([*self._fields.values(), reset, self._wrong, self._page])
        for name, field in self._fields.items():
            field.observe(partial(self._moved, name), "value")
        self.show()

    def show(self) -> None:
        """Bring fields and tables to what now holds."""
        self._quiet = True
        for name, number_ in self._what_if.state.numbers.items():
            if name in self._fields:
                self._fields[name].value = _shown(self._fields[name], number_.value)
        self._quiet = False
        self._page.value = self._what_if.show().html

    def _field(self, name: str, of: Number) -> Any:
        looks = {
            "description": self._label(name, of),
            "continuous_update": False,
            "style": {"description_width": "16em"},
            "layout": {"width": "36em"},
        }
        value = of.value
        if of.is_tuple or value is None or isinstance(value, tuple):
            return self._library.Text(value=_written(value), placeholder=self._words("what_if.field_hint"), **looks)
        if of.whole:
            return self._library.IntSlider(
                value=int(value), min=min(int(value), 1), max=max(10, 3 * int(value)), **looks
            )
        if 0 < value < 1:
            return self._library.FloatSlider(value=value, min=0.0, max=1.0, step=0.01, **looks)
        return self._library.Text(value=_written(value), **looks)

    def _label(self, name: str, of: Number) -> str:
        """What a number is called: the comparison that it bounds, or its name where it has one."""
        if of.label:
            column, sign = of.label.split()
            return f"{self._words.attribute(column)} {SIGNS.get(sign, sign)}"
        end = str(of.path[-1])
        return self._words.name("numbers", end) if f"numbers.{end}" in catalogue() else name

    def _moved(self, name: str, change: Mapping[str, Any]) -> None:
        if not self._quiet:
            self._take(lambda: self._what_if.change({name: self._read(name, change["new"])}))

    def _read(self, name: str, value: Any) -> Any:
        """The number or numbers in a field; an empty one leaves it to the customers."""
        if not isinstance(value, str):
            return value
        try:
            found = tuple(float(each) for each in value.replace("，", ",").split(",") if each.strip())
        except ValueError:
            raise ParamsError(self._words("what_if.not_numbers", text=value)) from None
        exact = tuple(int(each) if each.is_integer() else each for each in found)
        if not exact:
            return None
        return exact if self._what_if.state.numbers[name].is_tuple else exact[0] if len(exact) == 1 else exact

    def _take(self, step: Callable[[], object]) -> None:
        """Take a step, or say what is wrong with it and stay."""
        try:
            step()
        except ValueError as error:
            text = self._words.error(error) if isinstance(error, ClvlabError) else str(error)
            self._wrong.value = str(Markup('<p role="alert" style="color: #b3261e">{}</p>').format(text))
            return
        self._wrong.value = ""


def _written(value: Value) -> str:
    """The number or numbers as a field has them."""
    if value is None:
        return ""
    return ", ".join(f"{each:.10g}" for each in (value if isinstance(value, tuple) else (value,)))


def _shown(field: Any, value: Value) -> Any:
    """The value as this field takes it; a slider is made long enough for it."""
    if isinstance(field.value, str):
        return _written(value)
    if not isinstance(value, int | float):
        return field.value
    field.min, field.max = min(field.min, value), max(field.max, value)
    return value


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
    A `WhatIf`: `.change(shares=(0.1, 0.4, 0.5))` in Python, sliders in a notebook; `.table`, `.moves`, `.score`,
    `.strategy`

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
