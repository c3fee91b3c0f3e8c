"""The protocol of every grouping: a strategy is parameters; fitting it to customers yields a rule.

A rule puts every customer into exactly one group and needs nothing but the customer table, so that a rule kept
from the last period serves today. It can be shown (`card`) and stored as plain JSON (`to_dict`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any, ClassVar

import polars as pl

from clvlab.displays import Displayed, listed
from clvlab.errors import ParamsError, did_you_mean
from clvlab.frames import CustomerSummary, check_kind
from clvlab.money import exact_sum, share_of
from clvlab.wording import Language

PROSPECT = "prospect"
"""The group of customers without a purchase, wherever a grouping reads purchases."""
RETURNED_ALL = "returned_all"
"""Those without a purchase who are in the log: all that they bought went back. Apart from the prospects."""
UNKNOWN = "unknown"
"""The group of customers of whom the grouping's attribute is not known."""
APART = frozenset({PROSPECT, RETURNED_ALL, UNKNOWN})
"""Codes of the groups that rules have for whoever is in none of their own."""

ASSIGNMENT = {"customer_id": pl.String(), "group": pl.String(), "rank": pl.Int64()}
"""What `assign` gives: rank 1 is best; null where groups have no order, and for prospects and unknowns."""


@dataclass(frozen=True)
class Group:
    """One group of a rule: its stable code, its rank, and the condition as language-free formula text.

    The code of a group that is `own` is the user's: whatever it says, it is not one of ours.
    """

    code: str
    rank: int | None
    condition: str
    own: bool = False

    @property
    def is_prospects(self) -> bool:
        """Whether it is the group of customers without a purchase."""
        return self.code == PROSPECT and not self.own

    @property
    def is_apart(self) -> bool:
        """Whether it is a group for whoever is in none of the rule's own: of no interest where nobody is."""
        return not self.own and self.code in APART


_RETURNED = (Group(RETURNED_ALL, None, "n_purchases == 0, n_orders >= 1; n_purchases == 0, total_spend < 0"),)


class Rule(Displayed, ABC):
    """What a strategy yields on customers: thresholds in the user's units, ready for any customers."""

    kind: ClassVar[str]
    kinds: ClassVar[dict[str, type["Rule"]]] = {}
    """Every kind of rule by its name; a class that sets `kind` enters itself."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "kind" in vars(cls):
            Rule.kinds[cls.kind] = cls

    @property
    @abstractmethod
    def needs(self) -> frozenset[str]:
        """The columns of the customer table that `assign` reads."""

    @property
    @abstractmethod
    def groups(self) -> tuple[Group, ...]:
        """Every group that the rule can give, best first, empty ones included."""

    @abstractmethod
    def label(self, customers: CustomerSummary) -> pl.Series:
        """The code of each customer's group (String or Enum), in the order of `customers`."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The rule as plain JSON with its `kind`; `rule_from_dict` reads it back."""

    @classmethod
    @abstractmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Rule":
        """The rule that `to_dict` gave."""

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickled rule, too, is what `to_dict` gives."""
        return rule_from_dict, (self.to_dict(),)

    def assign(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, group, rank (1 = best; null where unordered), one row per customer, in their order."""
        codes = self.grouped(customers).cast(pl.String())
        ranks = {group.code: group.rank for group in (*_RETURNED, *self.groups)}
        return pl.DataFrame(
            {
                "customer_id": customers.data["customer_id"],
                "group": codes,
                "rank": codes.replace_strict(ranks, return_dtype=pl.Int64),
            },
            schema=ASSIGNMENT,
        )

    def grouped(self, customers: CustomerSummary) -> pl.Series:
        """The codes that `assign` gives: as `label` does, but for those who returned all."""
        check_kind("customers", customers, CustomerSummary, "clvlab.summarise_customers")
        customers.require(self.needs, "this rule")
        codes, kept_nothing = self.label(customers), returned_all(customers)
        if PROSPECT in self.own or not kept_nothing.any():
            return codes
        texts = codes.cast(pl.String())
        return texts.zip_with((texts != PROSPECT) | ~kept_nothing, pl.Series([RETURNED_ALL]))

    @property
    def all_groups(self) -> tuple[Group, ...]:
        """`groups`, and before the prospects those who returned all."""
        return tuple(each for group in self.groups for each in (*(_RETURNED if group.is_prospects else ()), group))

    @property
    def _facts(self) -> str:
        codes = [group.code for group in self.groups]
        return f"{len(codes)} groups ({listed(codes)}); reads {listed(sorted(self.needs)) or 'nothing'}"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.card

    @property
    def own(self) -> frozenset[str]:
        """The codes of the user's own groups."""
        return frozenset(group.code for group in self.groups if group.own)

    @property
    def places(self) -> pl.DataFrame:
        """group, place: where a group lies between the best (0) and the worst (1); null where there is no order."""
        place = (pl.col("rank") - 1) / (pl.col("rank").max() - 1)
        return self.card.select("group", place=place.fill_nan(0.0))

    def moves(self, other: "Rule", customers: CustomerSummary) -> pl.DataFrame:
        """Who would be in another group by another rule.

        Parameters
        ----------
        other
            the rule that would take the place of this one
        customers
            whom both rules group

        Returns
        -------
        before (group by this rule), after (by the other), customers, share (of all customers, 0..1) and, where the
        customers have it, total_spend (in the currency of the log); most customers first. Whoever stays is left out,
        unlike in `WhatIf.moves`
        """
        check_kind("other", other, Rule, "clvlab.strategies[...].fit")
        groups = self.assign(customers).select("customer_id", before="group")
        groups = groups.with_columns(after=other.assign(customers)["group"])
        table = groups.join(customers.data, on="customer_id")
        money = [exact_sum(pl.col("total_spend")).alias("total_spend")] if "total_spend" in table.columns else []
        moved = table.filter(pl.col("before") != pl.col("after")).group_by("before", "after")
        share = (pl.len() / max(table.height, 1)).alias("share")
        counted = moved.agg(pl.len().cast(pl.Int64).alias("customers"), share, *money)
        return counted.sort("customers", "before", "after", descending=[True, False, False])

    def plot(self, customers: CustomerSummary, *, lang: Language = "en") -> Any:
        """A chart of these customers by this rule's groups: their shares of customers and of spend, best group first.

        An Altair chart, in English or Chinese ("zh"), to show, to change, and to save (`.save("groups.svg")`).
        """
        return import_module("clvlab.pictures").of_rule(self, customers, lang)

    @property
    def card(self) -> pl.DataFrame:
        """group, rank, condition: one row per group, best first, empty ones included."""
        rows = [(group.code, group.rank, group.condition) for group in self.all_groups]
        return pl.DataFrame(rows, schema={"group": pl.String, "rank": pl.Int64, "condition": pl.String}, orient="row")


@dataclass(frozen=True, kw_only=True)
class Strategy(Displayed, ABC):
    """Parameters of a grouping.

    Attributes
    ----------
    name : what comparisons and reports call it
    sensitive : whether it reads personal attributes (age, gender, income, ...) that need care where it is shown
    """

    name: str
    sensitive: bool = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "fit" in vars(cls):
            cls.fit = _checked(cls.fit)  # type: ignore[assignment, method-assign]

    @property
    def _facts(self) -> str:
        return f"{self.name!r}, reads {listed(sorted(self.needs)) or 'nothing'}"

    @property
    @abstractmethod
    def needs(self) -> frozenset[str]:
        """The columns of the customer table that `fit` and `assign` read."""

    @abstractmethod
    def fit(self, customers: CustomerSummary) -> Rule:
        """The rule that these parameters yield on these customers."""

    def assign(self, customers: CustomerSummary) -> pl.DataFrame:
        """customer_id, group, rank: the customers grouped by the rule that they yield themselves."""
        return self.fit(customers).assign(customers)


def _checked(fit: Callable[[Any, CustomerSummary], Any]) -> Callable[[Any, CustomerSummary], Any]:
    """`fit`, which says what is wrong where it is given anything but customers."""

    @wraps(fit)
    def checked(self: Any, customers: CustomerSummary) -> Any:
        check_kind("customers", customers, CustomerSummary, "clvlab.summarise_customers")
        return fit(self, customers)

    return checked


def returned_all(customers: CustomerSummary) -> pl.Series:
    """Who of the customers, in their order, is in the log and kept no purchase: orders or money, no purchase day."""
    traces = {"n_orders": pl.col("n_orders") > 0, "total_spend": pl.col("total_spend") < 0}
    there = [trace for name, trace in traces.items() if name in customers.data.columns]
    kept_nothing = (pl.col("n_purchases") == 0) if "n_purchases" in customers.data.columns else pl.lit(False)
    return customers.data.select((kept_nothing & pl.any_horizontal(pl.lit(False), *there)).fill_null(False))[:, 0]


def sizes_of(customers: CustomerSummary, codes: pl.Series) -> pl.DataFrame:
    """group, customers, share_customers, share_spend (null where there is none to share): the groups with customers.

    `codes` are the customers' groups, in their order.
    """
    data = customers.data
    money = exact_sum(pl.col("total_spend")) if "total_spend" in data.columns else pl.lit(None, pl.Float64)
    sizes = data.with_columns(group=codes).group_by("group").agg(customers=pl.len().cast(pl.Int64), spend=money)
    shares = {f"share_{name}": share_of(pl.col(name)) for name in ("customers", "spend")}
    return sizes.select("group", "customers", **shares)


def rule_from_dict(stored: Mapping[str, Any]) -> Rule:
    """The rule that `Rule.to_dict` gave, of whatever kind."""
    kind = stored.get("kind", "")
    if kind not in Rule.kinds:
        raise ParamsError(
            f"{kind!r} is not a kind of rule.{did_you_mean(kind, Rule.kinds)} Known kinds: {', '.join(Rule.kinds)}."
        )
    return Rule.kinds[kind].from_dict(stored)
