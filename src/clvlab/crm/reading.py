"""What a CRM holds is read into files next to the reports, and a run is one over these files.

<output>/<name>/.crm/zoho_invoices.parquet    orders, whatever their state
                     deals.parquet            deals that are no purchases, whatever their state
                     customers.parquet        what is known of customers and does not change with what they do
                     passing.parquet          what is true of them at the time of reading
                     answers.parquet          how satisfied they said they were, and when
                     history.parquet          what is true of them, each value with the day on which it was first read
                     surveys.parquet          the answers that are any
                     account.json             how many records were read, and from where the next reading goes on

All is read once a week, and whenever what is read is chosen anew. In between only what has changed since the last
reading is, by the moment of the last change that was read less an overlap, and put in the place of what was there.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import polars as pl

from clvlab.crm.protocol import NEVER, Crm, Customers, ModuleRead, Since, UntoldError
from clvlab.customers.perishable import PERISHABLE
from clvlab.errors import DataError
from clvlab.lock import locked
from clvlab.params import RunParams
from clvlab.sources.faults import fault
from clvlab.transactions.filters import is_open
from clvlab.transactions.words import words
from clvlab.whole_files import write_whole

P = TypeVar("P", bound=RunParams)
OVERLAP = timedelta(minutes=10)
"""How much of what was read is read again: a change may be told later than it was made."""
WHOLE_EVERY = timedelta(days=7)
"""After how many days all is read again: not every CRM tells what was deleted, nor what a user sees no more."""
STAGES = ("Stage", "sales_status")
"""What CRMs call the field that tells of a deal whether it is open, won or lost."""
_OF_ORDERS = ("customer_id", "date", "amount", "order_id")


@dataclass(frozen=True)
class _Kept:
    """What an earlier reading has left.

    Attributes
    ----------
    selection : what was read
    whole_on : the day on which all of it was
    since : module -> the moment of the last change that was read
    gone : records that were left out since, because they had been deleted
    """

    selection: str
    whole_on: date
    since: Since
    gone: frozenset[str] = frozenset()

    @classmethod
    def of(cls, path: Path) -> "_Kept | None":
        """What a file says of it; None where it says nothing, or something else."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            day = date.fromisoformat(found["whole_on"])
            return cls(found["selection"], day, found["since"], frozenset(found["gone"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path, reads: Sequence[ModuleRead]) -> None:
        """Leave it in a file, with an account of what was read."""
        told = {
            "selection": self.selection,
            "whole_on": self.whole_on.isoformat(),
            "since": dict(self.since),
            "gone": sorted(self.gone),
            "reads": [asdict(each) for each in reads],
        }
        text = json.dumps(told, ensure_ascii=False, indent=2)
        write_whole(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))


@dataclass(frozen=True, eq=False)
class _Tables:
    """Orders and customers as they are kept."""

    orders: pl.DataFrame
    deals: pl.DataFrame
    lasting: pl.DataFrame
    passing: pl.DataFrame
    answers: pl.DataFrame

    @classmethod
    def of(cls, *paths: Path) -> "_Tables | None":
        """Those of files; None where one is not there, or none that can be read."""
        try:
            return cls(*(pl.read_parquet(path, glob=False) for path in paths))
        except (OSError, pl.exceptions.PolarsError):
            return None

    @property
    def customers(self) -> frozenset[str]:
        return frozenset(self.lasting["customer_id"])

    @property
    def ids(self) -> frozenset[str]:
        sales = (*self.orders["order_id"], *self.deals["order_id"])
        return self.customers.union(sales, self.answers["record_id"])

    def loses_customers(self, gone: frozenset[str]) -> bool:
        """Whether the customer of a record is gone: they may have been merged with another."""
        theirs = pl.concat(table["customer_id"] for table in (self.orders, self.deals, self.answers))
        return theirs.is_in(list(gone & self.customers)).any()


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
    LockedError : another process is at work in the series
    """
    params.folder.mkdir(parents=True, exist_ok=True)
    with locked(params.folder):
        return _read(params, crm, today)


def _read(params: P, crm: Crm, today: date) -> P:
    folder = params.folder / ".crm"
    log = folder / f"{crm.name}_{crm.purchases.lower()}.parquet"
    paths = (log, *(folder / f"{name}.parquet" for name in ("deals", "customers", "passing", "answers")))
    tables, kept = _present(crm, _Kept.of(folder / "account.json"), _Tables.of(*paths), today)
    if not tables.orders.height:
        raise fault("crm_no_orders", DataError, module=crm.purchases)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Where this is broken off, the files are of two readings: without the account all is read again.
    (folder / "account.json").unlink(missing_ok=True)
    for name, path in zip(("orders", "deals", "lasting", "passing", "answers"), paths, strict=True):
        write_whole(path, getattr(tables, name).write_parquet)
    passing = tables.passing.join(_pipeline(tables, params), on="customer_id", how="full", coalesce=True)
    attributes = [folder / "customers.parquet"]
    if known := _with_history(passing, folder / "history.parquet", today):
        attributes.append(known)
    if surveys := _surveys(tables.answers, folder / "surveys.parquet"):
        attributes.append(surveys)
    kept.write(folder / "account.json", crm.reads)
    given = {"source": str(log), "attributes": (*map(str, attributes), *params.attributes)}
    return params.model_copy(update=given)


def _present(crm: Crm, kept: _Kept | None, tables: _Tables | None, today: date) -> tuple[_Tables, _Kept]:
    """What the CRM holds at present, read whole, or put together of what is kept and what has changed since."""
    selection = crm.selection()
    if kept is not None and tables is not None and kept.selection == selection and _is_recent(kept.whole_on, today):
        with suppress(UntoldError):
            deleted = crm.deleted() or frozenset()
            gone = deleted & tables.ids
            # What was deleted and is no more may be there again, without having changed.
            if not tables.loses_customers(gone) and kept.gone <= deleted:
                return _changed(crm, kept, tables, gone)
    orders, deals, customers = crm.orders(), crm.deals(), _dated(crm.customers())
    whole = _Tables(
        _trimmed(orders),
        _trimmed(deals),
        _by_id(customers.lasting),
        _by_id(customers.passing),
        _by_id(customers.answers, "record_id"),
    )
    return whole, _Kept(selection, today, _since(NEVER, crm.reads))


def _is_recent(day: date, today: date) -> bool:
    return timedelta(0) <= today - day < WHOLE_EVERY


def _changed(crm: Crm, kept: _Kept, tables: _Tables, gone: frozenset[str]) -> tuple[_Tables, _Kept]:
    """What is kept, with what has changed since in its place and without what is gone."""
    since = {module: (datetime.fromisoformat(at) - OVERLAP).isoformat() for module, at in kept.since.items()}
    orders, deals, customers = crm.orders(since), crm.deals(since), _dated(crm.customers(since))
    left = gone | customers.gone
    present = _Tables(
        _trimmed(_merged(tables.orders, orders, "order_id", gone)),
        _trimmed(_merged(tables.deals, deals, "order_id", gone)),
        _by_id(_merged(tables.lasting, customers.lasting, "customer_id", left)),
        _by_id(_merged(tables.passing, customers.passing, "customer_id", left)),
        _by_id(_merged(tables.answers, customers.answers, "record_id", gone), "record_id"),
    )
    return present, _Kept(kept.selection, kept.whole_on, _since(kept.since, crm.reads), kept.gone | gone)


def _dated(customers: Customers) -> Customers:
    """The customers with all that changes with what they do among what is true on the day of reading."""
    perishable = [name for name in customers.lasting.columns if PERISHABLE.search(name)]
    moved = customers.lasting.select("customer_id", *perishable)
    passing = customers.passing.join(moved, on="customer_id", how="left", maintain_order="left")
    return replace(customers, lasting=customers.lasting.drop(perishable), passing=passing)


def _since(before: Since, reads: Sequence[ModuleRead]) -> dict[str, str]:
    """Module -> the last change of which is known, also where its record is there no more."""
    found = dict(before)
    for each in reads:
        moments = [at for at in (found.get(each.module), each.last_modified) if at is not None]
        found |= {each.module: max(moments, key=datetime.fromisoformat)} if moments else {}
    return found


def _merged(before: pl.DataFrame, changed: pl.DataFrame, key: str, gone: frozenset[str]) -> pl.DataFrame:
    stays = before.filter(~pl.col(key).is_in([*gone, *changed[key]]))
    return pl.concat([stays, changed], how="diagonal").select(changed.columns)


def _trimmed(orders: pl.DataFrame) -> pl.DataFrame:
    """Orders by id, without columns in which nothing is."""
    by_id = _by_id(orders, "order_id")
    empty = [name for name in by_id.columns if name not in _OF_ORDERS and by_id[name].null_count() == by_id.height]
    return by_id.drop(empty)


def _by_id(table: pl.DataFrame, key: str = "customer_id") -> pl.DataFrame:
    """The rows in order of their ids: numbers by their size, though they are texts."""
    return table.sort(pl.col(key).str.len_bytes(), key).rechunk()


def _surveys(answers: pl.DataFrame, path: Path) -> Path | None:
    """Write the answers of customers that say something; None where there is none."""
    said = answers.drop_nulls().drop("record_id")
    if not said.height:
        path.unlink(missing_ok=True)
        return None
    write_whole(path, said.write_parquet)
    return path


def _pipeline(tables: _Tables, params: RunParams) -> pl.DataFrame:
    """customer_id and pipeline: the money of a customer's deals that are neither won nor lost, in one currency.

    Deals are what is read as such, else the purchases, where `where` says which of these are won.
    """
    deals = tables.deals if tables.deals.height else tables.orders
    name = next((each for each in STAGES if each in deals.columns), "")
    won = words("sold") if tables.deals.height else (params.reading.get("where") or {}).get(name, ())
    if not (name and won):
        return pl.DataFrame(schema={"customer_id": pl.String, "pipeline": pl.Float64})
    there = deals if "life_status" not in deals.columns else deals.filter(pl.col("life_status").ne_missing("invalid"))
    rate = _rate(pl.concat([tables.orders, tables.deals], how="diagonal"), params.reading.get("currency_rates"))
    return (
        there.filter(is_open(pl.col(name), won))
        .drop_nulls("customer_id")
        .with_columns(amount=pl.col("amount") * rate)
        .group_by("customer_id")
        # A customer with a deal in a currency that nothing turns into the others' has no sum.
        .agg(pipeline=pl.when(pl.col("amount").is_not_null().all()).then(pl.col("amount").sum().round(2)))
        .drop_nulls()
        .sort("customer_id")
    )


def _rate(sales: pl.DataFrame, rates: Mapping[str, float] | None) -> pl.Expr:
    """What turns a sale's money into the one currency of the run: nothing, where it is not known."""
    if "currency" not in sales.columns:
        return pl.lit(1.0)
    if rates is not None:
        return pl.col("currency").replace_strict(list(rates), list(rates.values()), default=None)
    return pl.lit(1.0 if sales["currency"].drop_nulls().n_unique() <= 1 else None, pl.Float64)


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
        write_whole(path, whole.write_parquet)
    return path


def _last(history: pl.DataFrame, values: Sequence[str]) -> pl.DataFrame:
    """The last known values of each customer."""
    return history.sort("date", maintain_order=True).group_by("customer_id").agg(pl.col(*values).drop_nulls().last())
