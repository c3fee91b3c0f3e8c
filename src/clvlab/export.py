"""Results -> the files that are published alongside a report.

Spreadsheets treat a text that starts with =, +, - or @ as a formula; in CSV files such a text gets an apostrophe in
front, so that it stays a text. The Parquet file holds every text as it is.
"""

import json
import os
import re
from pathlib import Path

import polars as pl

from clvlab.analysis.results import Results
from clvlab.params import RUN_FOLDER, RunParams

_STARTS_A_FORMULA = r"^[\s\x00-\x1f\x7f-\x9f\ufffd]*[=+\-@\t\r＝＋－＠]"


def run_folder(params: RunParams) -> Path:
    """Where a notebook leaves its files: the folder of the run that started it, else the series' `draft`."""
    given = os.environ.get(RUN_FOLDER)
    return Path(given) if given else params.folder / "draft"


def write(results: Results, folder: Path) -> None:
    """Write the customer table, every table of every section, and what each section cost.

    The files are customers.parquet, customers.csv, tables/<section>_<table>.csv and measurements.json.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results.customers.write_parquet(folder / "customers.parquet")
    write_csv(results.customers, folder / "customers.csv")
    for section, tables in results.items():
        for name, table in tables.items():
            write_csv(table, folder / "tables" / f"{section}_{name}.csv")
    measurements = json.dumps(results.measurements.to_dicts(), indent=2)
    (folder / "measurements.json").write_text(measurements, encoding="utf-8")


def write_csv(table: pl.DataFrame, path: Path) -> None:
    """Write a CSV file that spreadsheets open as what it is: UTF-8 with a mark, no text taken for a formula."""
    path.parent.mkdir(parents=True, exist_ok=True)
    inert(table).write_csv(path, include_bom=True)


def inert(table: pl.DataFrame) -> pl.DataFrame:
    """The table with every text, names of columns included, that a spreadsheet would take for a formula made plain.

    >>> inert(pl.DataFrame({"customer_id": ["=1+1", "007"], "n": [-1, 2]}))["customer_id"].to_list()
    ["'=1+1", '007']
    """
    texts = pl.selectors.string().str.replace_all("\x00", "\ufffd", literal=True)
    formulas = pl.when(texts.str.contains(_STARTS_A_FORMULA))
    return table.with_columns(formulas.then(pl.lit("'") + texts).otherwise(texts).name.keep()).rename(_inert_name)


def _inert_name(name: str) -> str:
    name = name.replace("\x00", "\ufffd")
    return f"'{name}" if re.match(_STARTS_A_FORMULA, name) else name
