"""Customer tables for the tests of groupings."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from clvlab.frames import CustomerSummary

CUTOFF = date(2025, 12, 31)


def table(**columns) -> CustomerSummary:
    """A customer table with just these columns; customers are named a, b, c, ... unless given."""
    n = len(next(iter(columns.values())))
    ids = columns.pop("customer_id", [chr(ord("a") + i) for i in range(n)])
    return CustomerSummary(pl.DataFrame({"customer_id": ids, **columns}, strict=False), CUTOFF, "week")


def groups(assigned: pl.DataFrame) -> list[str]:
    return assigned["group"].to_list()


def wide(n: int = 400, seed: int = 0, *, prospects: float = 0.2, once: float = 0.4, gaps_known: bool = True):
    """Customers with every column that a shipped strategy reads; attributes are missing for a tenth of them."""
    rng = np.random.default_rng(seed)
    purchases = np.where(rng.random(n) < once, 1, 1 + rng.geometric(0.3, n))
    purchases[rng.random(n) < prospects] = 0
    bought = purchases > 0
    first = rng.integers(30, 1000, n)
    since = np.where(purchases == 1, first, rng.integers(0, first))
    spend = np.round(rng.lognormal(4, 1, n) * purchases, 2)

    def of_buyers(values, known=bought):
        return [value if has else None for value, has in zip(np.asarray(values).tolist(), known, strict=True)]

    def attribute(*values):
        return [value if rng.random() > 0.1 else None for value in rng.choice(values, n).tolist()]

    gaps = np.maximum(rng.exponential(60, n), 1)
    repeats = purchases > 1
    data = {
        "customer_id": [f"{i:05d}" for i in range(n)],
        "n_purchases": purchases,
        "days_since_last": of_buyers(since),
        "total_spend": np.where(bought, spend, 0.0),
        "first_purchase": of_buyers([CUTOFF - timedelta(days=int(d)) for d in first]),
        "last_purchase": of_buyers([CUTOFF - timedelta(days=int(d)) for d in since]),
        "gap_p80": of_buyers(gaps * 1.5, repeats & gaps_known),
        "gap_max": of_buyers(gaps * 2, repeats & gaps_known),
        "gap_cv": of_buyers(rng.uniform(0, 2, n), (purchases > 2) & gaps_known),
        "p_alive": of_buyers(rng.uniform(0, 1, n)),
        "clv": of_buyers(np.round(spend * rng.uniform(0, 1, n), 2)),
        "spend_last_year": np.where(bought & (since <= 365), np.round(spend / 2, 2), 0.0),
        "profit_last_year": np.where(bought, np.round(spend * rng.uniform(-0.1, 0.4, n), 2), 0.0),
        "favourite_category": of_buyers(rng.choice(["lamps", "strips"], n)),
        "province": attribute("北京", "广东省", "Shanghai", "四川", "Atlantis"),
        "city": attribute("北京", "广州", "上海"),
        "industry": attribute("家居", "商业照明", "工业照明", "Hotels"),
        "customer_type": attribute("Dealer", "Private"),
        "lead_source": attribute("search", "fair"),
        "age": attribute(22, 31, 44, 58),
        "gender": attribute("female", "male"),
        "income_band": attribute("under 100k", "over 100k"),
        "occupation": attribute("manager", "employee"),
        "education": attribute("college", "school"),
        "interests": attribute("design;outdoor", "outdoor", "music、design", "rare"),
        "satisfaction": attribute(1, 2, 3, 4, 5),
        "nps": attribute(3, 7, 10),
        "referrals": attribute(0, 1, 2),
        "pipeline": attribute(0.0, 500.0, 90_000.0),
    }
    dates = dict.fromkeys(("first_purchase", "last_purchase"), pl.Date)
    frame = pl.DataFrame(data, schema_overrides={"days_since_last": pl.Int64, **dates}, strict=False)
    return CustomerSummary(frame, CUTOFF, "week")
