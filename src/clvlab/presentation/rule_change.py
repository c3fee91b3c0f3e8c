"""What a change of a rule would do, in the reader's language: sentences, the groups, and who would move."""

from markupsafe import Markup

from clvlab.presentation.fragments import unbroken
from clvlab.rule_change import RuleChange
from clvlab.tables import NULL, DisplayColumn, DisplayTable, Fragment
from clvlab.wording import Words

MOST = 12
"""Of more groups the matrix of moves is too wide to be read, and left to Python."""


def page_of(change: RuleChange, words: Words) -> Fragment:
    """Who would move, how well the groups would predict, their sizes, and the moves."""
    told = words.sentences([_moved(change, words), _judged(change, words)])
    tables = [_groups(change, words)]
    if change.moved and change.table.height <= MOST:
        tables.append(_moves(change, words))
    html = Markup("<p>{}</p>").format(unbroken(told)) + Markup("").join(Markup(each.to_html()) for each in tables)
    return Fragment(html, "\n\n".join([told, *(each.to_text() for each in tables)]))


def _moved(change: RuleChange, words: Words) -> str:
    return words("what_if.moved", moved=change.moved, customers=len(change.after.codes))


def _judged(change: RuleChange, words: Words) -> str:
    """Whether the groups would predict better, and whether that is more than chance."""
    if change.score.is_empty():
        return words("what_if.not_judged")
    score = change.score.row(0, named=True)
    if not change.moved:
        return words("what_if.same", before=score["before"])
    figures = {name: score[name] for name in ("before", "after", "low", "high")}
    if score["low"] > 0:
        return words("what_if.better", **figures)
    return words("what_if.worse" if score["high"] < 0 else "what_if.alike", **figures)


def _groups(change: RuleChange, words: Words) -> DisplayTable:
    table = change.table
    columns = [DisplayColumn(words.column("group"), tuple(map(words.group, table["group"])), False)]
    for name in table.columns[2:]:
        if table[name].null_count() < table.height:
            cells = words.numbers(table[name], "int" if name.startswith("customers") else "pct1")
            columns.append(DisplayColumn(_heading(name, words), tuple(cells), True))
    strategy = words.name("strategies", change.after.strategy.name)
    return DisplayTable(tuple(columns), words("what_if.table", strategy=strategy))


def _heading(name: str, words: Words) -> str:
    return {
        "customers_before": words("what_if.customers_before"),
        "customers_after": words("what_if.customers_after"),
        "share_customers_before": words("what_if.share_customers_before"),
        "share_customers_after": words("what_if.share_customers_after"),
        "share_spend_before": words("what_if.share_spend_before"),
        "share_spend_after": words("what_if.share_spend_after"),
    }[name]


def _moves(change: RuleChange, words: Words) -> DisplayTable:
    codes = change.table["group"].to_list()
    counts = {(before, after): n for before, after, n in change.moves.iter_rows()}
    rows = [code for code in codes if any(before == code for before, _ in counts)]
    columns = [code for code in codes if any(after == code for _, after in counts)]
    cells = [
        DisplayColumn(words.group(to), tuple(_count(counts.get((code, to)), words) for code in rows), True)
        for to in columns
    ]
    first = DisplayColumn(words("what_if.from"), tuple(map(words.group, rows)), False)
    return DisplayTable((first, *cells), words("what_if.moves"))


def _count(customers: int | None, words: Words) -> str:
    return NULL if customers is None else words.number(customers, "int")
