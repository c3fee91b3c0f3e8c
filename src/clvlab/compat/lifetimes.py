"""From and to lifetimes: its fitted models, its saved parameters, its column names.

Nothing of lifetimes is imported: a fitter is known by the name of its class and by its `params_`. What differs
between the two libraries, and why, is described in `docs/how_to/migration.md`.

    lifetimes            clvlab
    BetaGeoFitter        BgNbd         r, alpha, a, b
    ModifiedBetaGeo...   MbgNbd        r, alpha, a, b
    ParetoNBDFitter      ParetoNbd     r, alpha, s, beta
    GammaGammaFitter     GammaGamma    p, q, v (our gamma)
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import polars as pl

from clvlab.errors import DataError, MissingColumnsError, ParamsError, did_you_mean
from clvlab.frames import CustomerSummary, Holdout
from clvlab.models import BgNbd, GammaGamma, MbgNbd, ParetoNbd, PurchaseModel
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit

FITTERS: Mapping[str, type[PurchaseModel] | type[GammaGamma]] = MappingProxyType(
    {
        "BetaGeoFitter": BgNbd,
        "ModifiedBetaGeoFitter": MbgNbd,
        "ParetoNBDFitter": ParetoNbd,
        "GammaGammaFitter": GammaGamma,
    }
)
_OURS = {"v": "gamma"}
_THEIRS = {"gamma": "v"}


def from_fitter(fitter: object, *, time_unit: TimeUnit | None = None) -> PurchaseModel | GammaGamma:
    """The model with the parameters of a fitted lifetimes object.

    It has the fitter's parameters and predicts as ours do. It knows no standard errors: fit ours to
    `customers_from(fitter.data, ...)` for those.

    Parameters
    ----------
    fitter
        BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter or GammaGammaFitter, after `fit`
    time_unit
        unit of the recency and T that it was fitted to (lifetimes does not keep it); Gamma-Gamma has none

    Raises
    ------
    ParamsError : another class, a fitter that was not fitted, or a missing time unit
    """
    params = getattr(fitter, "params_", None)
    if params is None:
        raise ParamsError(f"This {type(fitter).__name__} has no params_: call its `fit` first.")
    return from_params(dict(params), fitter=type(fitter).__name__, time_unit=time_unit)


def from_params(
    params: Mapping[str, float] | str | Path, *, fitter: str | None = None, time_unit: TimeUnit | None = None
) -> PurchaseModel | GammaGamma:
    """The model with lifetimes' parameters, from a mapping or a JSON file of one.

    Parameters
    ----------
    params
        `dict(fitter.params_)`, or the path of a JSON file with it; a file that lifetimes' `save_model` wrote is a
        pickle, which can run code when it is read, and is refused
    fitter
        name of the class; only needed to distinguish BetaGeoFitter from ModifiedBetaGeoFitter
    time_unit
        unit of the recency and T that it was fitted to; Gamma-Gamma has none

    Raises
    ------
    ParamsError : parameters of no model, or of two models; a missing time unit; not JSON
    DataError : the file cannot be read

    Examples
    --------
    >>> from_params({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, fitter="BetaGeoFitter", time_unit="week")
    BgNbd: r 0.243, alpha 4.414, a 0.793, b 2.426 (given, not fitted); time in weeks
    >>> from_params({"p": 6.25, "q": 3.74, "v": 15.44})
    GammaGamma: p 6.25, q 3.74, gamma 15.44 (given, not fitted)
    """
    given = _read_json(Path(params)) if isinstance(params, (str, Path)) else params
    ours = {_OURS.get(name, name): float(value) for name, value in given.items()}
    model = _model(set(ours), fitter)
    if set(ours) != set(model.names):
        raise ParamsError(f"{model.__name__} has the parameters {', '.join(model.names)}; found {', '.join(ours)}.")
    if issubclass(model, GammaGamma):
        return model.from_dict({"model": model.__name__, "parameters": ours})
    if time_unit is None:
        raise ParamsError(
            "lifetimes' parameters do not say in which unit their times are. Pass time_unit='day', 'week' or 'month'."
        )
    unit = check_time_unit(time_unit)
    return model.from_dict({"model": model.__name__, "parameters": ours, "time_unit": unit})


def params_of(model: PurchaseModel | GammaGamma) -> dict[str, float]:
    """The parameters under lifetimes' names, in its order.

    >>> params_of(GammaGamma(p=6.25, q=3.74, gamma=15.44))
    {'p': 6.25, 'q': 3.74, 'v': 15.44}
    """
    return {_THEIRS.get(name, name): value for name, value in model.parameters.items()}


def summary_of(customers: CustomerSummary) -> pd.DataFrame:
    """The customers as lifetimes' `summary_data_from_transaction_data` lays them out.

    Index customer_id; frequency, recency, T (in the summary's time unit), and monetary_value where there is money: 0
    without a repeat purchase. Prospects, whom lifetimes does not know, are left out.
    """
    buyers = customers.data.filter(pl.col("n_purchases") > 0)
    columns = [name for name in ("frequency", "recency", "T", "monetary_value") if name in buyers.columns]
    table = buyers.select("customer_id", pl.col(columns).cast(pl.Float64))
    return table.with_columns(pl.col(columns).fill_null(0.0)).to_pandas().set_index("customer_id")


def calibration_and_holdout_of(calibration: CustomerSummary, holdout: Holdout) -> pd.DataFrame:
    """The two halves as lifetimes' `calibration_and_holdout_data` lays them out.

    Index customer_id; frequency_cal, recency_cal, T_cal, monetary_value_cal, frequency_holdout (purchase days),
    monetary_value_holdout (mean per purchase day; lifetimes takes the mean over order lines), duration_holdout.
    """
    table = summary_of(calibration).add_suffix("_cal")
    later = holdout.data.to_pandas().set_index("customer_id").reindex(table.index)
    table["frequency_holdout"] = later["holdout_purchases"].astype(float)
    if "holdout_spend" in later:
        bought = later["holdout_purchases"].where(later["holdout_purchases"] > 0)
        table["monetary_value_holdout"] = (later["holdout_spend"] / bought).fillna(0.0)
    table["duration_holdout"] = holdout.days / DAYS_PER[holdout.time_unit]
    return table


def customers_from(summary: pd.DataFrame) -> pl.DataFrame:
    """lifetimes' summary as a table that our models read: `BgNbd.fit(customers_from(summary), time_unit="week")`.

    The index becomes customer_id; a monetary_value of 0 where nobody repeated becomes null; calibration columns
    (`frequency_cal`, ...) lose their suffix and holdout columns are left out.

    Raises
    ------
    MissingColumnsError : no frequency, recency and T, with or without `_cal`
    """
    named = summary.rename(columns=lambda name: str(name).removesuffix("_cal"))
    wanted = ["frequency", "recency", "T"]
    if missing := set(wanted) - set(named.columns):
        raise MissingColumnsError(
            "The summary", missing, map(str, summary.columns), hint="lifetimes' `fitter.data` has these columns."
        )
    money = [name for name in ("monetary_value",) if name in named.columns]
    table = pl.from_pandas(named[wanted + money].reset_index(drop=True))
    ids = pl.Series("customer_id", [str(each) for each in summary.index], dtype=pl.String)
    return table.insert_column(0, ids).with_columns(
        pl.when(pl.col("frequency") > 0).then(pl.col(name)).alias(name) for name in money
    )


def _model(names: set[str], fitter: str | None) -> type[PurchaseModel] | type[GammaGamma]:
    if fitter is not None:
        if fitter not in FITTERS:
            raise ParamsError(
                f"{fitter!r} has no counterpart here.{did_you_mean(fitter, FITTERS)} Known: {', '.join(FITTERS)}."
            )
        return FITTERS[fitter]
    possible = {name: model for name, model in FITTERS.items() if set(model.names) == names}
    if len(possible) == 1:
        return next(iter(possible.values()))
    if not possible:
        raise ParamsError(f"No fitter of lifetimes has the parameters {', '.join(sorted(names))}.")
    raise ParamsError(
        f"These parameters could be those of {' or '.join(possible)}: pass fitter=, one of these names."
    )


def _read_json(path: Path) -> Mapping[str, float]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ParamsError(
            f"{path} is not JSON. A file that lifetimes' save_model wrote is a pickle, which is not opened here: "
            "write the parameters alone, `json.dump(dict(fitter.params_), open('params.json', 'w'))`."
        ) from None
    if not isinstance(found, dict) or not all(isinstance(value, (int, float)) for value in found.values()):
        raise ParamsError(f'{path} must hold one JSON object of parameters, such as {{"r": 0.243, ...}}.')
    return found
