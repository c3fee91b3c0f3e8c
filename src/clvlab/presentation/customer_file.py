"""The file of one customer as a card and tables, in the reader's language."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

import polars as pl
from markupsafe import Markup

from clvlab.analysis.customer_file import CustomerFile
from clvlab.charts.colours import NOBODYS, group_colour
from clvlab.charts.theme import DARK
from clvlab.money import exact_sum
from clvlab.playbook.telling import with_texts
from clvlab.presentation.fragments import unbroken
from clvlab.tables import NULL, DisplayColumn, DisplayTable, Fragment, display
from clvlab.wording import Language, Words

LATEST = 12
"""So many days of the history are listed, the latest."""
Pair = tuple[str, str]


def page_of(file: CustomerFile, lang: Language) -> Fragment:
    """See `CustomerFile.show`."""
    words = replace(file.files.words, lang=lang)
    card, tables = _card(file, words), list(_tables(file, words))
    style = Markup("<style>{}</style>").format(
        Markup(files("clvlab.presentation").joinpath("notebook.css").read_text("utf-8"))
    )
    html = style + card[0] + Markup("").join(Markup(table.to_html()) for table in tables)
    return Fragment(html, "\n\n".join([card[1], *(table.to_text() for table in tables)]))


def _card(file: CustomerFile, words: Words) -> tuple[Markup, str]:
    name = words("customer.heading", customer=words.plain(file.customer_id))
    who = words.sentences(_who(file, words))
    figures, plan = list(_figures(file, words)), _plan(file, words)
    group = file.get("group")
    colour = group_colour(group, None, words.own_groups) if group else NOBODYS
    pair = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
    listed = Markup("<dl>{}</dl>").format(Markup("").join(pair.format(*figure) for figure in figures))
    html = Markup(
        '<section class="card" style="--bar: {}; --bar-dark: {}"><div><h3>{}</h3><p>{}</p></div>{}<p>{}</p></section>'
    ).format(colour, DARK.get(colour, colour), name, unbroken(who), listed, unbroken(plan))
    lines = [name, who, *(f"{term}: {figure}" for term, figure in figures), plan]
    return html, "\n".join(filter(None, lines))


def _who(file: CustomerFile, words: Words) -> Iterator[str]:
    """How often, when and for how much they bought, and what went back."""
    if not file.get("n_purchases"):
        yield words("customer.nothing_kept" if file.timeline.height else "customer.never")
    else:
        dates = {"first": file["first_purchase"], "last": file["last_purchase"]}
        yield words("customer.history", purchases=file["n_purchases"], **dates, days=file["days_since_last"])
    if file.get("total_spend") is not None:
        yield words("customer.spent", spend=file["total_spend"])
        back = file.timeline.filter(pl.col("returned") < 0)
        if back.height:
            returned = -back.select(exact_sum(pl.col("returned"))).item()
            yield words("customer.returns", returned=returned, days=back.height)


def _figures(file: CustomerFile, words: Words) -> Iterator[Pair]:
    """What is expected of them, and where they belong, each with what it is."""
    if file.get("group") is not None:
        yield words.column("group"), _place(file["group"], file.get("rank"), words)
    for probability in ("p_alive", "p_buys_again"):
        if file.get(probability) is not None:
            yield words.column(probability), words.number(file[probability], "pct")
    value = file.value
    if value["clv"] is not None:
        key = "customer.no_interval" if None in value.values() else "customer.interval"
        figures = {name: each for name, each in value.items() if each is not None}
        yield words("customer.value", horizon=str(file.files.horizon)), words(key, **figures)
    if file.next_order is not None:
        first, last = file.next_order
        yield words("customer.next_order"), words("customer.window", first=first, last=last)
    elif "next_from" in file:
        yield words("customer.next_order"), words("customer.no_window")
    if file.last_contact is not None:
        yield words("customer.last_contact"), words.number(file.last_contact, "date")
    elif file.files.due is not None:
        yield words("customer.last_contact"), words("customer.not_known")
    if not file.preferences.is_empty():
        yield words("customer.prefers"), words.attribute_value(file.preferences["category"][0])
    if file.files.due is not None:
        yield words("customer.due"), _due(file, words)


def _place(group: str, rank: int | None, words: Words) -> str:
    name = words.group(group)
    return name if rank is None else words("customer.rank", name=name, rank=rank)


def _due(file: CustomerFile, words: Words) -> str:
    """Why they are due, or that they are not."""
    if file.due is None or file.listed is None:
        return words("customer.not_due")
    why = with_texts(file.listed, ("why",), file.files.playbook, words, file.files.low_value)["why"].item()
    return f"{why} ({words('customer.held_back')})" if file.due["is_control"] else str(why)


def _plan(file: CustomerFile, words: Words) -> str:
    """What is done with their group, by whom and through which channel."""
    if file.get("group") is None or file.files.customers is None:
        return ""
    table = pl.DataFrame({"group": [file["group"]]})
    told = with_texts(table, ("action", "owner", "channel"), file.files.playbook, words, file.files.low_value)
    return words("customer.plan", **told.select("action", "owner", "channel").row(0, named=True))


def _tables(file: CustomerFile, words: Words) -> Iterator[DisplayTable]:
    if not file.timeline.is_empty():
        yield _history(file.timeline, words)
    if not file.groups.is_empty():
        yield _groups(file.groups, words)
    if not file.preferences.is_empty():
        yield _preferences(file.preferences, words)
    if file.attributes:
        yield _attributes(file.attributes, words)


def _history(timeline: pl.DataFrame, words: Words) -> DisplayTable:
    latest = timeline.tail(LATEST).reverse()
    kinds = {True: words("customer.purchase"), False: words("customer.return")}
    columns = [
        _column(words("customer.day"), words.numbers(latest["date"], "date"), numeric=False),
        _column(words("customer.kind"), [kinds[each] for each in latest["is_purchase"]], numeric=False),
    ]
    if "amount" in latest.columns:
        columns.append(_column(words("customer.bought"), words.numbers(latest["bought"], "price")))
        gone = [back or None for back in latest["returned"]]
        columns.append(_column(words("customer.returned"), words.numbers(gone, "price")))
    columns.append(_column(words("customer.n_orders"), words.numbers(latest["n_orders"], "int")))
    caption = words("customer.timeline_table")
    if timeline.height > latest.height:
        caption = words("customer.latest", shown=latest.height, days=timeline.height)
    return DisplayTable(tuple(columns), caption)


def _groups(groups: pl.DataFrame, words: Words) -> DisplayTable:
    read = {"strategy": "strategy", "group": "group", "rank": "int"}
    return display(groups, read, words, caption=words("customer.groups_table"))


def _preferences(preferences: pl.DataFrame, words: Words) -> DisplayTable:
    read = {"category": "attribute_value", "rows": "int", "amount": "price"}
    there = {column: kind for column, kind in read.items() if column in preferences.columns}
    return display(preferences, there, words, caption=words("customer.preferences_table"))


def _attributes(attributes: dict[str, Any], words: Words) -> DisplayTable:
    columns = (
        _column(words.column("attribute"), list(map(words.attribute, attributes)), numeric=False),
        _column(words.column("value"), [_attribute(each, words) for each in attributes.values()], numeric=False),
    )
    return DisplayTable(columns, words("customer.attributes_table"))


def _attribute(value: Any, words: Words) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool | str):
        return words.attribute_value(str(value).lower() if isinstance(value, bool) else value)
    if isinstance(value, int | float):
        return words.number(value, "exact")
    return words.plain(str(value))


def _column(heading: str, cells: Sequence[str], *, numeric: bool = True) -> DisplayColumn:
    return DisplayColumn(heading, tuple(cells), numeric)
