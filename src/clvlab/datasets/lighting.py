"""The lighting retailer: a simulated log with attributes, whose truth is known.

`lighting_law` says how it is drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.datasets.lighting_law import LightingLaw, Vector, law, shares
from clvlab.errors import ParamsError
from clvlab.frames import TransactionLog
from clvlab.transactions import read_transactions
from clvlab.units import DAYS_PER
from clvlab.wording import LANGUAGES, Language

Index = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class LightingLog(TransactionLog):
    """The retailer's log, with what is known of its customers, and the truth behind them.

    Attributes
    ----------
    attributes : tables for `attributes=` of `summarise_customers` and `compare`: what does not change (province,
        city, industry, ..., one row per person, prospects included), dated surveys, referrals, open pipeline
    truth : customer_id, purchase_rate (orders a year), order_value (mean, yuan), first_day and last_day of the
        relationship (null for prospects; last_day may lie beyond the log)
    law : the law that it was drawn from; `law.variance_shares` is what each attribute can tell of next year's spend
    """

    attributes: tuple[pl.DataFrame, ...]
    truth: pl.DataFrame
    law: LightingLaw


def lighting(n_customers: int = 5000, seed: int = 0, lang: Language = "en") -> LightingLog:
    """The log of a simulated lighting retailer over three years, 2023 to 2025, amounts in yuan.

    Order lines with product category, quantity, amount, cost and channel; returns are rows of negative amounts.
    The industry explains 15 % of the variance of next year's spend, the income band 5 %, the province's region 2 %
    (next year: 2025, over the customers known on 2024-12-31), and no other attribute any of it. Satisfaction knows
    something of who will leave.

    Parameters
    ----------
    n_customers
        people in the attribute tables; 12 % of them are prospects without an order
    seed
        the same seed gives the same log
    lang
        language of the values: "en" or "zh"; the columns keep their names

    Examples
    --------
    >>> log = lighting(n_customers=100, seed=1)
    >>> log.data.columns
    ['customer_id', 'date', 'amount', 'order_id', 'quantity', 'cost', 'category', 'channel']
    >>> [table.columns[1:] for table in log.attributes[1:]]
    [['date', 'satisfaction'], ['date', 'referrals'], ['date', 'pipeline']]
    """
    if n_customers < 1:
        raise ParamsError(f"n_customers is {n_customers}; simulate 1 customer or more.")
    if lang not in LANGUAGES:
        raise ParamsError(f"lang is {lang!r}. Choose one of {', '.join(LANGUAGES)}.")
    rng, known = np.random.default_rng(seed), law()
    people = _people(rng, known, n_customers, lang)
    careers = _careers(rng, known, people)
    lines = _lines(rng, known, _orders(rng, known, careers), careers, lang)
    log = read_transactions(lines)
    static = people.select(pl.exclude("multiplier", "industry_index"))
    dated = (_surveys(rng, known, careers), _referrals(rng, known, careers), _pipeline(rng, known, careers))
    truth = careers.select(
        "customer_id",
        "purchase_rate",
        "order_value",
        first_day=_day(known, pl.col("start")),
        last_day=_day(known, pl.col("end")),
    )
    read = {field.name: getattr(log, field.name) for field in fields(log)}
    return LightingLog(**read, attributes=(static, *dated), truth=truth, law=known)


def _pick(rng: np.random.Generator, values: Sequence[Mapping[str, Any]], n: int) -> Index:
    """Positions in `values`, drawn by their shares."""
    return rng.choice(len(values), size=n, p=shares(values))


def _names(values: Sequence[Mapping[str, Any]], chosen: Index, lang: str) -> list[Any]:
    return [values[i][lang] for i in chosen]


def _unless_missing(rng: np.random.Generator, values: list[Any], share: float) -> list[Any]:
    return [None if gone else value for value, gone in zip(values, rng.random(len(values)) < share, strict=True)]


def _people(rng: np.random.Generator, known: LightingLaw, n: int, lang: Language) -> pl.DataFrame:
    """One row per person: the attributes, and by how much they multiply an order."""
    columns: dict[str, Any] = {"customer_id": [f"{i:05d}" for i in range(1, n + 1)]}
    multiplier = np.ones(n)
    for name, spec in known.settings["attributes"].items():
        chosen = _pick(rng, spec["values"], n)
        if name in known.carrying:
            multiplier *= known.multipliers(name)[chosen]
        if name == "region":
            columns |= _places(rng, known, _names(spec["values"], chosen, "en"), lang)
        else:
            columns[name] = _unless_missing(rng, _names(spec["values"], chosen, lang), spec.get("missing", 0.0))
        if name == "industry":
            columns["industry_index"] = chosen
    age, interests = known.settings["age"], known.settings["interests"]
    years = np.clip(rng.normal(age["mean"], age["deviation"], n), age["lowest"], age["highest"]).astype(int).tolist()
    held = rng.random((n, len(interests["values"]))) < shares(interests["values"])
    lists = [
        ";".join(v[lang] for v, yes in zip(interests["values"], row, strict=True) if yes) or None for row in held
    ]
    columns["age"] = _unless_missing(rng, years, age["missing"])
    columns["interests"] = _unless_missing(rng, lists, interests["missing"])
    return pl.DataFrame({**columns, "multiplier": multiplier})


def _places(rng: np.random.Generator, known: LightingLaw, regions: list[str], lang: str) -> dict[str, list[str]]:
    cities, draws = known.settings["cities"], rng.random(len(regions))
    places = [cities[region][int(u * len(cities[region]))][lang] for region, u in zip(regions, draws, strict=True)]
    return {"province": [place[0] for place in places], "city": [place[1] for place in places]}


def _careers(rng: np.random.Generator, known: LightingLaw, people: pl.DataFrame) -> pl.DataFrame:
    """The person's own law: start and end of the relationship (days since the first day; null: a prospect)."""
    n, rate, lifetime = people.height, known.settings["purchase_rate"], known.settings["lifetime"]
    value = known.settings["order_value"]
    start = rng.random(n) * known.n_days
    leaving = rng.gamma(lifetime["shape"], 1 / lifetime["scale"], n)
    end = start + rng.exponential(1 / leaving) * DAYS_PER["year"]
    prospect = rng.random(n) < known.settings["prospects"]
    theta = value["mean"] * _unit_gamma(rng, value["variation_between"], n)
    return people.select("customer_id", "industry_index").with_columns(
        purchase_rate=rng.gamma(rate["shape"], rate["mean"] / rate["shape"], n),
        order_value=theta * people["multiplier"].to_numpy(),
        leaving=leaving,
        start=pl.when(~pl.Series(prospect)).then(pl.Series(start)),
        # Beyond a century the calendar of most tools ends.
        end=pl.when(~pl.Series(prospect)).then(pl.Series(np.minimum(end, 100 * DAYS_PER["year"]))),
    )


def _unit_gamma(rng: np.random.Generator, variation: float, n: int) -> Vector:
    """Gamma draws of mean 1 and variance `variation`."""
    return rng.gamma(1 / variation, variation, n)


def _orders(rng: np.random.Generator, known: LightingLaw, careers: pl.DataFrame) -> pl.DataFrame:
    """One row per order: customer (row of `careers`), time (days), date, value (yuan), in order of time."""
    buyers = careers.with_row_index("customer").drop_nulls("start")
    days = np.arange(known.n_days + 1.0)
    start = buyers["start"].to_numpy()
    opens = np.interp(start, days, known.exposure)
    closes = np.interp(np.minimum(buyers["end"].to_numpy(), known.n_days), days, known.exposure)
    n_repeats = rng.poisson(buyers["purchase_rate"].to_numpy() * (closes - opens))
    which = np.repeat(np.arange(buyers.height), n_repeats)
    repeats = np.interp(opens[which] + rng.random(which.size) * (closes - opens)[which], known.exposure, days)
    who, when = np.concatenate([np.arange(buyers.height), which]), np.concatenate([start, repeats])
    within = _unit_gamma(rng, known.settings["order_value"]["variation_within"], who.size)
    orders = pl.DataFrame({"customer": buyers["customer"].to_numpy()[who], "time": when})
    valued = orders.with_columns(value=buyers["order_value"].to_numpy()[who] * within)
    return valued.sort("time").with_columns(date=_day(known, pl.col("time")))


def _lines(
    rng: np.random.Generator, known: LightingLaw, orders: pl.DataFrame, careers: pl.DataFrame, lang: Language
) -> pl.DataFrame:
    """Order lines and returned lines as the retailer's system would export them, by day."""
    categories, channels = known.settings["categories"], known.settings["channels"]
    n_lines = np.minimum(1 + rng.poisson(1.0, orders.height), 6)
    of = np.repeat(np.arange(orders.height), n_lines)
    part = rng.exponential(size=of.size)
    amount = orders["value"].to_numpy()[of] * part / np.bincount(of, part)[of]
    customer = orders["customer"].to_numpy()
    by_industry = np.cumsum([category["share"] for category in categories], axis=0).T
    industry = careers["industry_index"].to_numpy()[customer[of]]
    category = (rng.random(of.size)[:, None] > by_industry[industry]).sum(axis=1).clip(max=len(categories) - 1)
    price = np.array([c["price"] for c in categories], float)[category]
    cost_share = np.array([c["cost"] for c in categories], float)[category] * rng.uniform(0.94, 1.06, of.size)
    # Each customer keeps to a channel four times in five.
    habit = _pick(rng, channels, careers.height)[customer]
    channel = np.where(rng.random(orders.height) < 0.8, habit, _pick(rng, channels, orders.height))
    sold = pl.DataFrame(
        {
            "customer_id": careers["customer_id"].gather(customer[of]),
            "date": orders["date"].gather(of),
            "amount": amount.round(2),
            "order_id": pl.Series([f"O{i:06d}" for i in range(1, orders.height + 1)], dtype=pl.String).gather(of),
            "quantity": np.maximum(1.0, np.rint(amount / price)),
            "cost": (amount * cost_share).round(2),
            "category": _names(categories, category, lang),
            "channel": _names(channels, channel[of], lang),
        }
    )
    back = (rng.random(orders.height) < known.settings["returned"])[of]
    delay = rng.integers(3, 21, orders.height)[of]
    return pl.concat([sold, _returned(sold.filter(back), delay[back])]).sort("date", "order_id", maintain_order=True)


def _returned(sold: pl.DataFrame, delay: Index) -> pl.DataFrame:
    """The lines that undo `sold`, within its calendar year: the books of a year are closed."""
    day = pl.col("date") + pl.duration(days="delay")
    books_close = pl.date(pl.col("date").dt.year(), 12, 31)
    back = sold.with_columns(delay=pl.Series(delay)).with_columns(date=pl.min_horizontal(day, books_close))
    return back.drop("delay").with_columns(-pl.col("amount", "quantity", "cost"))


def _surveys(rng: np.random.Generator, known: LightingLaw, careers: pl.DataFrame) -> pl.DataFrame:
    """customer_id, date, satisfaction (1 to 5)."""
    law_, lifetime = known.settings["satisfaction"], known.settings["lifetime"]
    asked = _moments(rng, known, careers, law_["share"])
    staying = -np.log(asked["leaving"].to_numpy() * lifetime["scale"] / lifetime["shape"])
    answer = law_["mean"] + law_["by_stay"] * staying + rng.normal(0, law_["noise"], asked.height)
    return asked.select("customer_id", "date", satisfaction=pl.Series(np.rint(answer).clip(1, 5).astype(np.int64)))


def _referrals(rng: np.random.Generator, known: LightingLaw, careers: pl.DataFrame) -> pl.DataFrame:
    """customer_id, date, referrals: people whom the customer has brought so far."""
    brought = _moments(rng, known, careers, known.settings["referrals"]["share"])
    return brought.select("customer_id", "date", referrals=pl.int_range(1, pl.len() + 1).over("customer_id"))


def _pipeline(rng: np.random.Generator, known: LightingLaw, careers: pl.DataFrame) -> pl.DataFrame:
    """customer_id, date, pipeline: open offers in yuan from that day on, 0 once they are decided."""
    law_ = known.settings["pipeline"]
    anybody = careers.with_columns(pl.col("start").fill_null(0.0), pl.col("end").fill_null(float(known.n_days)))
    opened = _moments(rng, known, anybody, law_["share"])
    offer = (law_["mean"] * _unit_gamma(rng, 0.8, opened.height)).round(-1)
    opened = opened.select("customer_id", "date", pipeline=pl.Series(offer))
    decided = opened.with_columns(pl.col("date") + pl.duration(days=law_["days_open"]), pipeline=pl.lit(0.0))
    within = decided.filter(pl.col("date") <= known.last_day)
    # An offer made on the day on which another is decided is what stays open.
    return pl.concat([within, opened]).unique(["customer_id", "date"], keep="last").sort("customer_id", "date")


def _moments(rng: np.random.Generator, known: LightingLaw, careers: pl.DataFrame, share: float) -> pl.DataFrame:
    """One to three dated moments within the relationship of a `share` of the customers, in order of time."""
    chosen = careers.drop_nulls("start").filter(pl.Series(rng.random(careers["start"].count()) < share))
    many = chosen[np.repeat(np.arange(chosen.height), rng.integers(1, 4, chosen.height))]
    place = pl.Series(rng.random(many.height))
    time = pl.col("start") + place * (pl.min_horizontal("end", pl.lit(float(known.n_days))) - pl.col("start"))
    dated = many.with_columns(date=_day(known, time))
    return dated.unique(["customer_id", "date"], keep="first", maintain_order=True).sort("customer_id", "date")


def _day(known: LightingLaw, time: pl.Expr) -> pl.Expr:
    return pl.lit(known.first_day) + pl.duration(days=time.floor().cast(pl.Int64))
