"""What a CRM holds is read into files next to the reports, and a run is one over these files.

<output>/<name>/.crm/zoho_invoices.parquet    orders, whatever their state
                     customers.parquet        what is known of customers and does not change with what they do
                     history.parquet          what changes, each value with the day on which it was first read
                     account.json             how many records were read, changed when first and last
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from clvlab.crm.protocol import Crm
from clvlab.errors import DataError
from clvlab.params import RunParams
from clvlab.sources.faults import fault
from clvlab.transactions.words import words

P = TypeVar("P", bound=RunParams)
_LOST = r"(?i)^closed|lost|输单|无效"


def read(params: P, crm: Crm, today: date) -> P:
    """The parameters of a run over what the CRM holds at present, which is kept in files.

    Parameters
    ----------
    params
        those of a run whose source is the CRM
    crm
        the CRM, connected
    today
        the day of reading, since when what changes is known

    Raises
    ------
    DataError : there are no orders
    """
    assert params.crm is not None
    folder = params.folder / ".crm"
    orders, customers = crm.orders(), crm.customers()
    if not orders.height:
        raise fault("crm_no_orders", DataError, module=params.crm.get("orders", "Invoices"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = folder / f"{crm.name}_{params.crm.get('orders', 'Invoices').lower()}.parquet"
    _write(orders, log)
    _write(customers.lasting, folder / "customers.parquet")
    passing = customers.passing.join(_pipeline(orders, params), on="customer_id", how="full", coalesce=True)
    tables = [folder / "customers.parquet"]
    if known := _with_history(passing, folder / "history.parquet", today):
        tables.append(known)
    account = [asdict(each) for each in crm.accounts]
    (folder / "account.json").write_text(json.dumps(account, ensure_ascii=False, indent=2), encoding="utf-8")
    given = {"source": str(log), "attributes": (*map(str, tables), *params.attributes)}
    return params.model_copy(update=given)


def _pipeline(orders: pl.DataFrame, params: RunParams) -> pl.DataFrame:
    """customer_id and pipeline: the money of a customer's deals that are neither won nor lost."""
    won = _won(params.reading.get("where") or {})
    if "Stage" not in orders.columns or not won:
        return pl.DataFrame(schema={"customer_id": pl.String, "pipeline": pl.Float64})
    stage = pl.col("Stage").str.to_lowercase()
    is_lost = stage.is_in(words("not_sold")) | stage.str.contains(_LOST)
    return (
        orders.filter(pl.col("Stage").is_not_null() & ~stage.is_in(won) & ~is_lost)
        .drop_nulls("customer_id")
        .group_by("customer_id")
        .agg(pipeline=pl.col("amount").sum().round(2))
        .sort("customer_id")
    )


def _won(where: Mapping[str, Any]) -> list[str]:
    return [str(value).lower() for value in where.get("Stage", ()) if value is not None]


def _with_history(present: pl.DataFrame, path: Path, today: date) -> Path | None:
    """Add to the history what has changed since it was last read; None where there is nothing to keep.

    What has become nothing is 0 for money, and stays as it was otherwise: a table of attributes has no word for it.
    """
    values = [name for name in present.columns if name != "customer_id"]
    before = pl.read_parquet(path) if path.is_file() else None
    earlier = [name for name in (before.columns if before is not None else ()) if name not in ("customer_id", "date")]
    known = pl.DataFrame(schema={"customer_id": pl.String}) if before is None else _last(before, earlier)
    joined = present.join(known, on="customer_id", how="full", coalesce=True, suffix=".known")
    if "pipeline" in earlier:
        joined = joined.with_columns(
            pipeline=pl.when(pl.col("pipeline.known").is_not_null())
            .then(pl.col("pipeline").fill_null(0.0))
            .otherwise("pipeline")
        )
    changed = [
        pl.col(name).is_not_null()
        & pl.col(name).ne_missing(pl.col(f"{name}.known") if name in earlier else pl.lit(None))
        for name in values
    ]
    new = joined.filter(pl.any_horizontal(changed)) if values else joined.clear()
    rows = new.select("customer_id", pl.lit(today).alias("date"), *values).sort("customer_id")
    whole = rows if before is None else pl.concat([before, rows], how="diagonal")
    if not whole.height:
        return None
    if rows.height or before is None:
        _write(whole, path)
    return path


def _last(history: pl.DataFrame, values: Sequence[str]) -> pl.DataFrame:
    """The last known values of each customer."""
    return history.sort("date", maintain_order=True).group_by("customer_id").agg(pl.col(*values).drop_nulls().last())


def _write(table: pl.DataFrame, path: Path) -> None:
    """Write a file whole or not at all."""
    new = path.with_suffix(".new")
    table.write_parquet(new)
    new.replace(path)
