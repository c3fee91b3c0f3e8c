"""Results -> the files that are published alongside a report.

customers.parquet and due.parquet hold codes, ids and every text as it is; they stay with whoever makes the report.
The other files hold codes, or names in the reader's language where the run's `export_labels` asks for them, and
customers by their pseudonyms, unless `export_ids` asks for ids; in customers.xlsx ids are texts, so that "007" keeps
its zeros. A stakeholder's edition has no file with customers.

Spreadsheets treat a text that starts with =, +, - or @ as a formula; in CSV files such a text gets an apostrophe in
front, so that it stays a text. So does what follows a semicolon, a tab, a bar or the end of a line inside a text,
which a spreadsheet of another country may take for a cell of its own; and every text is quoted. In the workbook texts
are marked as texts, and stay so when they are edited.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
from xlsxwriter import Workbook

from clvlab.analysis.results import Results
from clvlab.analysis.section import Section
from clvlab.columns import CUSTOMERS, RESULTS, names
from clvlab.customers import is_personal
from clvlab.editions import folder_of
from clvlab.label_history import CUSTOMERS_FILE, HEADLINE_FILE, RULE_FILE
from clvlab.params import RUN_FOLDER, ReportParams, RunParams
from clvlab.playbook.telling import by_owner, due_in_words
from clvlab.wording import Words

_ROWS_OF_A_WORKBOOK = 100_000  # of more, a spreadsheet takes minutes to open it, and the run as long to write it
_LONGEST_CELL = 32_767
_AS_TEXT = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}
_SHOWS_NOTHING = r"[\s\x00-\x1f\x7f-\x9f\ufffd]*"
_STARTS_A_FORMULA = rf"^{_SHOWS_NOTHING}[=+\-@\t\r＝＋－＠]"
_FORMULA_BEHIND = rf'([;|\t\r\n]{_SHOWS_NOTHING}"?{_SHOWS_NOTHING})([=+\-@＝＋－＠])'


_OURS = frozenset(names((*CUSTOMERS, *RESULTS)))
"""Columns of the customer table that are no attributes."""


def run_folder(params: RunParams) -> Path:
    """Where a notebook leaves its files: the folder of the run that started it, else the series' `draft`."""
    given = os.environ.get(RUN_FOLDER)
    return Path(given) if given else params.folder / "draft"


def write(
    results: Results, folder: Path, for_stakeholders: Mapping[str, Collection[str]] = MappingProxyType({})
) -> None:
    """Write what the run's editions have, each in its place, the headline figures, and what each section cost.

    An analyst has customers.parquet, customers.csv, customers.xlsx (of up to 100,000 customers), of a report
    rule.json and, where there is a due list, due.parquet, due.csv and, where the parameters ask for them,
    due/<owner>.csv; and every tables/<section>_<table>.csv. A stakeholder has those tables that `for_stakeholders`
    names, by section.
    """
    folder.mkdir(parents=True, exist_ok=True)
    params = results.params
    for edition in params.editions:
        everything = edition == "analyst"
        if everything:
            _write_customers(results, folder)
        wanted = {name: list(section) for name, section in results.items()} if everything else for_stakeholders
        _write_tables(results, wanted, folder / folder_of(edition, params.editions) / "tables")
    if results.rule is not None:
        _write_json(_headline(results["summary"]), folder / HEADLINE_FILE)
    _write_json(results.measurements.to_dicts(), folder / "measurements.json")


def _write_customers(results: Results, folder: Path) -> None:
    """Write the customer table, the due list, and the rule that gave the groups."""
    results.customers.write_parquet(folder / CUSTOMERS_FILE)
    if results.rule is not None:
        _write_json(results.rule, folder / RULE_FILE)
    words, customers = _names_of(results), _anonymous(results.customers, results.params)
    if "customer_id" not in customers.columns:
        customers = customers.sort("pseudonym")  # the order of ids would tell them
    shown = customers if words is None else customers_in_words(customers, words)
    write_csv(shown, folder / "customers.csv")
    if shown.height <= _ROWS_OF_A_WORKBOOK:
        write_workbook(shown, folder / "customers.xlsx", results.params.as_of)
    if results.due is not None:
        results.due.write_parquet(folder / "due.parquet")
        _write_due(results, _anonymous(results.due, results.params), words, folder)


def _write_tables(results: Results, wanted: Mapping[str, Collection[str]], folder: Path) -> None:
    words = _names_of(results)
    for section, names_of_tables in wanted.items():
        for name in names_of_tables:
            table = results[section][name]
            write_csv(table if words is None else table_in_words(table, words), folder / f"{section}_{name}.csv")


def _names_of(results: Results) -> Words | None:
    """What gives the exports their names; None where they hold codes."""
    params = results.params
    if params.export_labels == "codes":
        return None
    return Words(params.languages[0], params.currency, results.own_groups)


def _anonymous(customers: pl.DataFrame, params: RunParams) -> pl.DataFrame:
    """The customers of a report by their pseudonyms, without what says who they are, unless ids are asked for."""
    if not isinstance(params, ReportParams) or params.export_ids:
        return customers
    attributes = set(customers.columns) - _OURS
    personal = [column.name for column in customers if column.name in attributes and is_personal(column)]
    return customers.select("pseudonym", pl.exclude("pseudonym", "customer_id", *personal))


def _headline(summary: Section) -> list[dict[str, Any]]:
    """measure, kind, value and, of a report of a series, trend: the figures of the first screen."""
    figures = summary["numbers"].select("measure", "kind", "value").to_dicts()
    if "trend" not in summary:
        return figures
    return [
        {**figure, "trend": summary["trend"].filter(measure=figure["measure"])["value"].to_list()}
        for figure in figures
    ]


def _write_json(values: object, path: Path) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=2), encoding="utf-8")


def _write_due(results: Results, due: pl.DataFrame, words: Words | None, folder: Path) -> None:
    """The due list with what to do and why in the report's language; all else in codes, unless there are words."""
    params = results.params
    assert isinstance(params, ReportParams)
    in_language = Words(params.languages[0], params.currency, results.own_groups)
    told = due_in_words(due, results.playbook, in_language, params.low_value)
    lists = {"due": told}
    if params.due_by_owner:
        lists |= {f"due/{name}": part for name, part in by_owner(told).items()}
    for name, part in lists.items():
        write_csv(part if words is None else table_in_words(part, words), folder / f"{name}.csv")


def write_csv(table: pl.DataFrame, path: Path) -> None:
    """Write a CSV file that spreadsheets open as what it is: UTF-8 with a mark, no text taken for a formula."""
    path.parent.mkdir(parents=True, exist_ok=True)
    inert(table).write_csv(path, include_bom=True, quote_style="non_numeric")


def write_workbook(table: pl.DataFrame, path: Path, day: date) -> None:
    """Write a workbook of one sheet, in which every text is a text; it says that it was made on `day`."""
    finite = pl.selectors.float()
    shown = table.with_columns(
        pl.when(finite.is_finite()).then(finite).name.keep(), pl.selectors.string().str.slice(0, _LONGEST_CELL)
    )
    with Workbook(path, _AS_TEXT) as book:
        # Of itself it would give the moment of writing, and the file would differ from run to run.
        book.set_properties({"created": datetime.combine(day, time())})
        sheet = book.add_worksheet("customers")
        sheet.freeze_panes(1, 1)
        heading = book.add_format({"bold": True, "quote_prefix": True})
        a_text = book.add_format({"quote_prefix": True})
        for place, column in enumerate(shown):
            sheet.write_string(0, place, column.name[:_LONGEST_CELL], heading)
            sheet.write_column(1, place, column.to_list(), a_text if column.dtype == pl.String else None)


def customers_in_words(customers: pl.DataFrame, words: Words) -> pl.DataFrame:
    """The customer table as its reader would write it: headings, names of groups, values of attributes, yes and no.

    Of a comparison, every column but the first is a strategy with the customers' groups by it.
    """
    theirs = {
        name: Words.attribute_value if words.name("strategies", name) == name else Words.group
        for name, dtype in customers.schema.items()
        if name not in _OURS and dtype in (pl.String, pl.Boolean)
    }
    return _in_words(customers, words, {**theirs, "group": Words.group, "cluster": Words.group})


def table_in_words(table: pl.DataFrame, words: Words) -> pl.DataFrame:
    """A table of a section as its reader would write it: headings and the names of what its cells hold codes for."""
    return _in_words(table, words, _CODES)


def _in_words(table: pl.DataFrame, words: Words, codes: Mapping[str, Callable[[Words, str], str]]) -> pl.DataFrame:
    named = [
        pl.Series(column.name, [_named(value, codes[column.name], words) for value in column], dtype=pl.String)
        for column in table
        if column.name in codes and column.dtype in (pl.String, pl.Boolean)
    ]
    headings = {name: _heading(name, table, words) for name in table.columns}
    unique = {name: text for name, text in headings.items() if list(headings.values()).count(text) == 1}
    return table.with_columns(named).rename(unique)


def _named(value: str | bool | None, name: Callable[[Words, str], str], words: Words) -> str | None:
    """The name of what a cell holds; what has no name stays as it is."""
    if value is None:
        return None
    code = str(value).lower() if isinstance(value, bool) else value
    try:
        return name(words, code)
    except KeyError:
        return code


def _heading(column: str, table: pl.DataFrame, words: Words) -> str:
    if column == "age" and "period" in table.columns and table.height:
        return words(f"charts.age_{table['period'][0]}s")
    known = words.attribute(column)
    return words.name("strategies", column) if known == column else known


def _names(kind: str) -> Callable[[Words, str], str]:
    return lambda words, code: words.name(kind, code)


_CODES: Mapping[str, Callable[[Words, str], str]] = MappingProxyType(
    {
        **dict.fromkeys(("group", "before", "after"), Words.group),
        **dict.fromkeys(("strategy", "other", "versus"), _names("strategies")),
        "attribute": Words.attribute,
        "cadence": _names("cadences"),
        "value": Words.attribute_value,
        "rule": Words.row,
        "check": _names("gate"),
        "fact": _names("facts"),
        "measure": _names("measures"),
        "method": _names("methods"),
        "model": _names("models"),
        "move": _names("moves"),
        "period": _names("periods"),
        "simple": _names("methods"),
        "what": _names("outcomes"),
    }
)
"""Columns of tables that hold codes -> what names them."""


def inert(table: pl.DataFrame) -> pl.DataFrame:
    """The table with every text, names of columns included, that a spreadsheet would take for a formula made plain.

    >>> inert(pl.DataFrame({"customer_id": ["=1+1", "007;=1+1", "7"], "n": [-1, 2, 3]}))["customer_id"].to_list()
    ["'=1+1", "007;'=1+1", '7']
    """
    texts = pl.selectors.string().str.replace_all("\x00", "\ufffd", literal=True)
    guarded, is_formula = texts.str.replace_all(_FORMULA_BEHIND, "${1}'$2"), texts.str.contains(_STARTS_A_FORMULA)
    plain = pl.when(is_formula).then(pl.lit("'") + guarded).otherwise(guarded)
    return table.with_columns(plain.name.keep()).rename(_inert_name)


def _inert_name(name: str) -> str:
    name = name.replace("\x00", "\ufffd")
    guarded = re.sub(_FORMULA_BEHIND, r"\1'\2", name)
    return f"'{guarded}" if re.match(_STARTS_A_FORMULA, name) else guarded
