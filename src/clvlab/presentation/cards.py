"""Cards of groups: each a heading, a sentence on who its customers are, figures, and what is done with them."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from clvlab.charts.colours import group_colour
from clvlab.charts.theme import DARK
from clvlab.presentation.fragments import unbroken
from clvlab.tables import Fragment
from clvlab.wording import Name, Words

ALIKE = 0.1
"""A spend that differs by less than so much from the average is about the average."""
TIMES = 2.0
"""From so many times the average on, that is how it is said."""
NOTHING = 0.005
"""A smaller part of the average rounds to none of it."""
Row = Mapping[str, Any]


def cards_of(table: pl.DataFrame, words: Words, horizon: str, lapse: Name) -> list[Fragment]:
    """One card for each row of `cards.cards`, with the texts of the playbook.

    Parameters
    ----------
    table
        as by `clvlab.analysis.segmentation.cards.compute`, with action, owner and channel
    words
        language and currency
    horizon
        how far ahead values look
    lapse
        how long ago the period before was
    """
    return [_card(row, words, horizon, lapse) for row in table.iter_rows(named=True)]


def _card(row: Row, words: Words, horizon: str, lapse: Name) -> Fragment:
    figures = list(_figures(row, words, horizon))
    texts = {
        "who": _who(row, words),
        "action": row["action"],
        "plan": _plan(row, words),
        "fate": _fate(row, words, lapse),
    }
    told = {name: text for name, text in texts.items() if text}
    paragraph, pair = Markup('<p class="{}">{}</p>'), Markup("<div><dt>{}</dt><dd>{}</dd></div>")
    listed = Markup("<dl>{}</dl>").format(Markup("").join(pair.format(*figure) for figure in figures))
    paragraphs = {name: paragraph.format(name, unbroken(text)) for name, text in told.items()}
    colour = group_colour(row["group"], row["place"], words.own_groups)
    name = words.group(row["group"])
    html = Markup(
        '<section class="card" style="--bar: {}; --bar-dark: {}"><div><h3>{}</h3>{}</div>{}<div>{}</div></section>'
    ).format(
        *(colour, DARK.get(colour, colour), name),
        *(paragraphs.pop("who"), listed, Markup("").join(paragraphs.values())),
    )
    lines = [name, told["who"], *(f"{term}: {figure}" for term, figure in figures), *list(told.values())[1:]]
    return Fragment(html, "\n".join(lines))


def _who(row: Row, words: Words) -> str:
    """Who the customers are: how often and when they bought, what they spend, and what they are more often."""
    if row["median_purchases"] is None:
        return words("cards.not_yet")
    bought = words("cards.bought", purchases=row["median_purchases"], days=row["median_days_since_last"])
    sentences = [bought, *_spend(row, words), *_trait(row, words)]
    return words.sentences(sentences)


def _spend(row: Row, words: Words) -> Iterator[str]:
    index = row["index"]
    if index is None:
        return
    figures = {"spend": row["spend_last_year"], "index": index}
    if index < NOTHING:
        yield words("cards.spend_nothing")
    elif index >= TIMES:
        yield words("cards.spend_times", **figures)
    elif abs(index - 1) < ALIKE:
        yield words("cards.spend_alike", **figures)
    else:
        yield words("cards.spend_more" if index > 1 else "cards.spend_less", **figures, difference=abs(index - 1))


def _trait(row: Row, words: Words) -> Iterator[str]:
    if row["attribute"] is not None:
        named = {"attribute": Name("attributes", row["attribute"]), "value": Name("attribute_values", row["value"])}
        yield words("cards.trait", **named, share=row["share_value"], base=row["share_base"])


def _figures(row: Row, words: Words, horizon: str) -> Iterator[tuple[str, str]]:
    """The figures with what they are."""
    yield words.column("customers"), words("cards.of_all", customers=row["customers"], share=row["share_customers"])
    if row["share_spend"] is not None:
        yield words.column("share_spend"), words.number(row["share_spend"], "pct1")
    if row["clv"] is not None:
        values = {name: row[name] for name in ("clv", "clv_low", "clv_high")}
        yield words("cards.value", horizon=horizon), words("cards.interval", **values)
    for probability in ("p_alive", "p_buys_again"):
        if row[probability] is not None:
            yield words.column(probability), words.number(row[probability], "pct")
    if row["due"] is not None:
        yield words.column("due"), words.number(row["due"], "int")


def _plan(row: Row, words: Words) -> str:
    """By whom, through which channel and how often they are contacted, and when that is looked at."""
    if row["cadence"] is None:
        return ""
    figures = {"owner": row["owner"], "channel": row["channel"], "cadence": Name("cadences", row["cadence"])}
    if row["review_on"] is None:
        return words("cards.plan", **figures)
    return words("cards.plan_review", **figures, review=row["review_on"])


def _fate(row: Row, words: Words, lapse: Name) -> str:
    """How those fared who were in the group a period ago."""
    if row["were"] is None:
        return ""
    if row["were"] == 0:
        return words("cards.were_none", lapse=lapse)
    figures = {name: row[name] for name in ("were", "stayed", "rose", "fell", "elsewhere", "again")}
    return words("cards.fate_elsewhere" if row["elsewhere"] else "cards.fate", **figures, lapse=lapse)
