"""The numbers of a strategy, by name: to read them, and to have the same strategy with others.

Whatever number a strategy declares among its fields has a name, those of its parts (a cut, a clock, conditions)
included: the field's own, or the whole path where several are called alike. Bounds that a strategy leaves to the
customers are read off the rule that it yields, and can be set all the same.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from math import isfinite
from typing import Any, get_args, get_type_hints

from clvlab.errors import ParamsError
from clvlab.grouping import DecisionList, FixedBounds, RfmSegments, Rule, ScoreMap, Strategy, Tiers
from clvlab.grouping.crossing import CrossRule
from clvlab.grouping.decision import Condition
from clvlab.grouping.rfm_maps import RfmRule

Value = float | tuple[float, ...] | None
Path = tuple[str | int, ...]
BOUNDS = "bounds"
"""Where tiers begin: a number of every strategy of tiers, whatever cuts them."""


@dataclass(frozen=True)
class Number:
    """One number of a strategy, or several that belong together.

    Attributes
    ----------
    path : names of fields, and places in tuples, that lead to it
    value : as set, or as the rule drew it; None where neither is known
    whole : whether only whole numbers will do
    is_tuple : whether it is several numbers
    label : the comparison that it bounds, such as `gap_cv <=`; empty elsewhere
    """

    path: Path
    value: Value
    whole: bool = False
    is_tuple: bool = False
    label: str = ""


def numbers_of(strategy: Strategy, rule: Rule) -> dict[str, Number]:
    """Name -> number of a strategy and the rule that it yields, in the order in which it declares them."""
    found = list(_numbers(strategy, rule))
    ends = Counter(_end(number.path) for number in found)
    return {
        _end(number.path) if ends[_end(number.path)] == 1 else ".".join(map(str, number.path)): number
        for number in found
    }


def with_values(strategy: Strategy, values: Mapping[Path, Any]) -> Strategy:
    """The strategy with other values at these paths, one after the other."""
    for path, value in values.items():
        strategy = _with(strategy, path, value)
    return strategy


def supersedes(path: Path, earlier: Path) -> bool:
    """Whether what is set at a path takes the place of what was set earlier at another.

    Tiers have bounds of their own, or what cuts them; whichever is set later holds.

    >>> supersedes(("cut",), ("cut", "shares")), supersedes(("bounds",), ("cut", "shares"))
    (True, True)
    >>> supersedes(("cut", "shares"), ("cut",)), supersedes(("first", "bounds"), ("second", "bounds"))
    (False, False)
    """
    if earlier[: len(path)] == path:
        return True
    place = next((at for at, step in enumerate(path) if step in (BOUNDS, "cut")), None)
    if place is None or len(earlier) <= place or earlier[:place] != path[:place]:
        return False
    return {path[place], earlier[place]} == {BOUNDS, "cut"}


def checked(name: str, value: Any, number: Number) -> Value:
    """The value as a strategy has it, if it is a number, or numbers; None where customers decide.

    Raises
    ------
    ParamsError : it is neither
    """
    if value is None:
        return None
    several = isinstance(value, list | tuple)
    given = tuple(value) if several else (value,)
    for each in given:
        if isinstance(each, bool) or not isinstance(each, int | float) or not isfinite(each):
            raise ParamsError(f"{name} is {value!r}; give {'numbers' if several else 'a number'}.")
        if number.whole and each != int(each):
            raise ParamsError(f"{name} is {value!r}; give a whole number.")
    if several != number.is_tuple:
        raise ParamsError(f"{name} is {value!r}; give {'several numbers' if number.is_tuple else 'one number'}.")
    exact = tuple(int(each) if number.whole else each for each in given)
    return exact if several else exact[0]


def _end(path: Path) -> str:
    return str(path[-1])


def _numbers(part: Any, rule: Rule | None, path: Path = ()) -> Iterator[Number]:
    """The numbers of a part of a strategy, and of its parts."""
    drawn = _drawn(part, rule)
    if isinstance(part, Tiers):
        yield Number((*path, BOUNDS), drawn.get(BOUNDS), is_tuple=True)
    hints = get_type_hints(type(part))
    for each in fields(part):
        value, kinds = getattr(part, each.name), _kinds(hints[each.name])
        here = (*path, each.name)
        if isinstance(value, ScoreMap | FixedBounds):
            continue
        if is_dataclass(value):
            yield from _numbers(value, _rule_of(each.name, rule), here)
        elif isinstance(value, tuple) and value and all(map(is_dataclass, value)):
            for place, one in enumerate(value):
                yield from _numbers(one, None, (*here, place))
        elif kinds & {int, float} or _of_numbers(hints[each.name]):
            known = drawn.get(each.name) if value is None else value
            if not isinstance(known, str):
                is_tuple, label = _of_numbers(hints[each.name]), ""
                if isinstance(part, Condition):
                    label = f"{part.column} {part.operator}"
                yield Number(here, known, float not in kinds and not is_tuple, is_tuple, label)


def _kinds(hint: Any) -> set[Any]:
    """The types that a field may have, None aside; bool is a type of its own."""
    return {hint, *get_args(hint)} if not _is_tuple(hint) else set()


def _is_tuple(hint: Any) -> bool:
    return getattr(hint, "__origin__", None) is tuple


def _of_numbers(hint: Any) -> bool:
    """Whether a field holds a tuple of numbers, or may hold one."""
    return any(_is_tuple(each) and {int, float} & set(get_args(each)) for each in (hint, *get_args(hint)))


def _rule_of(name: str, rule: Rule | None) -> Rule | None:
    """The part of a crossing's rule that belongs to a part of the crossing."""
    return getattr(rule, name) if isinstance(rule, CrossRule) and name in ("first", "second") else None


def _drawn(part: Any, rule: Rule | None) -> dict[str, tuple[float, ...]]:
    """The bounds that a strategy leaves to the customers, as its rule has drawn them, lowest first."""
    if isinstance(part, Tiers) and isinstance(rule, DecisionList):
        begins = {
            float(condition.bound)
            for case in rule.cases
            for condition in case.conditions
            if condition.column == part.metric and condition.operator == ">=" and not isinstance(condition.bound, str)
        }
        return {BOUNDS: tuple(sorted(begins))}
    if isinstance(part, RfmSegments) and isinstance(rule, RfmRule):
        found = rule.thresholds
        return {
            "recency_bounds": tuple(sorted(found.recency)),
            "frequency_bounds": tuple(found.frequency),
            "spend_bounds": tuple(found.spend),
        }
    return {}


def _with(part: Any, path: Path, value: Any) -> Any:
    """The part with another value at the end of a path."""
    first, *rest = path
    if isinstance(part, tuple):
        place = int(first)
        return (*part[:place], _with(part[place], tuple(rest), value), *part[place + 1 :])
    if isinstance(part, Tiers) and first == BOUNDS:
        # Without bounds of its own it is as it was: what cuts it is not touched.
        return part if value is None else replace(part, cut=FixedBounds(value))
    name = str(first)
    if name not in {each.name for each in fields(part)}:
        raise ParamsError(f"{type(part).__name__} has no {name}; set what has it first.")
    return replace(part, **{name: _with(getattr(part, name), tuple(rest), value) if rest else value})
