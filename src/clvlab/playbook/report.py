"""What contacts brought, as a text for its reader: a table for money and one for buying again, and what they show."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab import tables
from clvlab.playbook.effect import FEWEST
from clvlab.wording import Words

SHOWN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        outcome: MappingProxyType(
            {
                "lapse": "text",
                "contacted": "int",
                "held_back": "int",
                "contacted_mean": mean,
                "held_back_mean": mean,
                "effect": difference,
                "low": difference,
                "high": difference,
                "smallest_found": difference,
            }
        )
        for outcome, mean, difference in (("revenue", "price", "price"), ("bought", "pct1", "points"))
    }
)
"""Outcome -> the columns of its table, and how they read."""
_PERCENT = 100


def in_words(found: pl.DataFrame, words: Words) -> str:
    """The effect (see `clvlab.playbook.effect.effect`) in a language: tables of the periods, then what they show."""
    captions = {"revenue": words("effect.revenue_table"), "bought": words("effect.bought_table")}
    parts = []
    for outcome, kinds in SHOWN.items():
        rows = found.filter(outcome=outcome)
        lapses = [_lapse(row, words) for row in rows.iter_rows(named=True)]
        table = rows.with_columns(pl.Series("lapse", lapses, dtype=pl.String))
        parts.append(tables.display(table, kinds, words, caption=captions[outcome]).to_text())
    sentences = [words(key, **figures) for key, figures in verdicts(found).values()]
    return "\n\n".join([*parts, "\n".join([*sentences, words("effect.note")])])


def _lapse(row: Mapping[str, Any], words: Words) -> str:
    if row["is_overall"]:
        return words("effect.overall")
    since, until = words.numbers([row["since"], row["until"]], "date")
    return words("effect.lapse", since=since, until=until)


def verdicts(found: pl.DataFrame) -> dict[str, tuple[str, dict[str, float]]]:
    """What is known at last, over all periods or of the only one: a key of the wording and its figures, by outcome.

    Of too few customers, or where nobody bought anything, there is one `lead` in their place.
    """
    revenue, bought = (found.filter(outcome=outcome).row(-1, named=True) for outcome in SHOWN)
    if revenue["effect"] is None:
        return {"lead": ("effect.too_few", {"fewest": FEWEST})}
    if revenue["low"] is None:
        return {"lead": ("effect.nobody", {})}
    return {"revenue": _verdict("revenue", revenue), "bought": _verdict("bought", bought)}


def _verdict(outcome: str, row: Mapping[str, Any]) -> tuple[str, dict[str, float]]:
    unit = _PERCENT if outcome == "bought" else 1
    effect, low, high = (unit * row[name] for name in ("effect", "low", "high"))
    if low > 0:
        return f"effect.{outcome}_more", {"effect": effect, "low": low, "high": high}
    if high < 0:
        return f"effect.{outcome}_less", {"effect": -effect, "low": -high, "high": -low}
    smallest = unit * row["smallest_found"]
    return f"effect.{outcome}_open", {"effect": effect, "low": low, "high": high, "smallest": smallest}
