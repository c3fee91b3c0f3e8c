"""A table of each kind that a chart draws, and the chart that draws it."""

from datetime import date

import polars as pl

from clvlab.charts import (
    base_health,
    bridge,
    cohorts,
    comparison,
    gems,
    movement,
    outlook,
    profiles,
    segments,
    structure,
    validation,
    value,
)

GROUPS = pl.DataFrame(
    {
        "group": ["champions", "loyal", "lost", "prospect"],
        "customers": [10, 30, 60, 0],
        "share_customers": [0.1, 0.3, 0.6, 0.0],
        "share_spend": [0.5, 0.3, 0.2, None],
    }
)
CLUSTERS = pl.DataFrame(
    {
        "group": ["cluster_1", "cluster_2"],
        "customers": [4, 6],
        "share_customers": [0.4, 0.6],
        "share_spend": [0.7, 0.3],
    }
)
GRID = pl.DataFrame(
    {
        "r_score": [1, 1, 2],
        "f_score": [1, 2, 2],
        "customers": [60, 30, 1_210],
        "share_customers": [0.06, 0.03, 0.91],
        "share_spend": [0.1, 0.2, 0.7],
    }
)
ORDERS = pl.DataFrame({"purchases": ["1", "2", "10+"], "customers": [50, 30, 20], "share": [0.5, 0.3, 0.2]})
LORENZ = pl.DataFrame({"customers": [0.0, 0.2, 1.0], "spend": [0.0, 0.67, 1.0]})
MONTHS = pl.DataFrame({"month": [date(2024, 1, 1), date(2024, 2, 1)], "new": [10.0, 5.0], "repeat": [0.0, 7.0]})
COHORTS = (date(2024, 1, 1), date(2024, 2, 1))
RETENTION = pl.DataFrame(
    {
        "period": ["month"] * 5,
        "cohort": [COHORTS[0]] * 3 + [COHORTS[1]] * 2,
        "age": [0, 1, 2, 0, 1],
        "customers": [1_200] * 3 + [80] * 2,
        "active": [1_200, 300, 60, 80, 8],
        "share": [1.0, 0.25, 0.05, 1.0, 0.1],
    }
)
SPEND = RETENTION.select("period", "cohort", "age", "customers", spend=pl.col("age") * 10.0 + 5.0)
MOVES = pl.DataFrame(
    {
        "before": ["champions", "champions", "lost"],
        "after": ["champions", "at_risk", "lost"],
        "customers": [7, 3, 9],
        "share": [0.7, 0.3, 1.0],
    }
)
COURSE = pl.DataFrame(
    {
        "what": ["spend"] * 4,
        "last_day": [date(2024, 1, 31), date(2024, 3, 1), date(2024, 3, 31), date(2024, 3, 31)],
        "part": ["actual", "actual", "existing", "new"],
        "value": [90.0, 100.0, 80.0, 30.0],
        "low": [None, None, 95.0, 95.0],
        "high": [None, None, 130.0, 130.0],
    }
)
STRUCTURE = pl.DataFrame(
    {
        "day": [date(2024, 9, 30)] * 2 + [date(2024, 12, 31)] * 2,
        "group": ["champions", "lost"] * 2,
        "place": [0.0, 1.0] * 2,
        "customers": [20, 60, 30, 70],
        "share_customers": [0.25, 0.75, 0.3, 0.7],
        "share_revenue": [0.9, 0.1, None, None],
    }
)
STEPS = pl.DataFrame(
    {
        "step": ["then", "new", "purchases", "lost", "now"],
        "change": [1_000.0, 250.0, -50.0, -300.0, 900.0],
        "low": [0.0, 1_000.0, 1_200.0, 900.0, 0.0],
        "high": [1_000.0, 1_250.0, 1_250.0, 1_200.0, 900.0],
    }
)
PROFILES = pl.DataFrame(
    {
        "attribute": ["gender", "gender", "our_own"],
        "value": ["female", None, "x"],
        "customers": [40, 20, 30],
        "index": [1.2, 0.8, 1.0],
        "low": [1.1, 0.6, 0.9],
        "high": [1.3, 1.0, 1.1],
    }
)
MEETING = pl.DataFrame(
    {
        "attribute": ["gender", "gender", "gender", "our_own"],
        "value": ["female", "female", None, "x"],
        "group": ["lost", "prospect", "champions", "lost"],
        "rank": [11, None, 1, 11],
        "customers": [30, 10, 5, 8],
        "share": [0.75, 0.25, 1.0, 1.0],
    }
)
TRACKING = pl.DataFrame(
    {
        "date": [date(2024, 1, 7), date(2024, 1, 14), date(2024, 1, 21)],
        "actual_cumulative": [1.0, 4.0, 6.0],
        "expected_cumulative": [1.5, 3.5, 6.5],
        "period": ["calibration", "calibration", "holdout"],
    }
)
CALIBRATION = pl.DataFrame(
    {
        "repeats": ["0", "1", "2+"],
        "customers": [50, 30, 20],
        "actual": [0.1, 0.9, 3.0],
        "low": [0.0, 0.7, 2.5],
        "high": [0.2, 1.1, 3.5],
        "model": [0.2, 1.0, 2.8],
        "naive": [0.0, 1.5, 4.0],
    }
)
FORECASTS = pl.DataFrame(
    {
        "what": ["purchases", "purchases", "spend", "spend"],
        "origin": [date(2024, 3, 1), date(2024, 6, 1)] * 2,
        "predicted": [20.0, 30.0, 200.0, 300.0],
        "honest_low": [10.0, 20.0, 100.0, 200.0],
        "honest_high": [40.0, 45.0, 400.0, 450.0],
        "actual": [25.0, 31.0, 240.0, 500.0],
        "simple_predicted": [12.0, 50.0, 120.0, None],
    }
)
GAIN = pl.DataFrame(
    {
        "method": ["model", "model", "naive", "naive", "best", "best", "last_period", "last_period"],
        "share_customers": [0.2, 1.0] * 4,
        "share_actual": [0.6, 1.0, 0.5, 1.0, 0.9, 1.0, 0.4, 1.0],
    }
)
VALUES = pl.DataFrame({"low": [0.0, 1.0, 10.0], "high": [1.0, 10.0, 320.0], "customers": [24, 1_000, 30]})
BY_GROUP = pl.DataFrame(
    {
        "group": ["champions", "lost"],
        "customers": [10, 60],
        "clv_mean": [141.88, 5.72],
        "low": [90.0, 0.0],
        "high": [180.0, None],
    }
)
DECILES = pl.DataFrame({"decile": [1, 2], "customers": [5, 5], "share": [0.8, 0.2], "mean": [16.0, 4.0]})
GINI = pl.DataFrame(
    {
        "strategy": ["rfm11", "one_group"],
        "value": [0.58, 0.0],
        "low": [0.5, -0.02],
        "high": [0.64, 0.02],
        "role": ["recommended", "baseline"],
    }
)
GROUP_SPEND = pl.DataFrame(
    {
        "group": ["champions", "lost"],
        "measure": ["spend", "spend"],
        "n": [118, 900],
        "value": [194.0, 4.0],
        "low": [160.0, 2.0],
        "high": [230.0, 6.0],
        "expected_spend": [170.0, 5.0],
    }
)
CURVE = pl.DataFrame(
    {
        "strategy": ["rfm11", "rfm11", "random", "random", "oracle", "oracle"],
        "role": ["recommended"] * 2 + ["contender"] * 4,
        "share": [0.1, 0.5] * 3,
        "contacts": [10, 50] * 3,
        "reached": [0.4, 0.8, 0.1, 0.5, 0.7, 1.0],
        "low": [0.35, 0.7, None, None, None, None],
        "high": [0.45, 0.9, None, None, None, None],
    }
)
STABILITY = pl.DataFrame(
    {
        "strategy": ["rfm11", "clusters"],
        "gini": [0.58, 0.5],
        "stability_resamples": [0.93, 0.49],
        "n_groups": [11.0, 4.0],
        "role": ["recommended", "other"],
    }
)
PAIRS = pl.DataFrame(
    {
        "strategy": ["rfm11", "rfm11", "abc", "abc"],
        "other": ["rfm11", "abc", "rfm11", "abc"],
        "agreement": [1.0, 0.3, 0.3, 1.0],
    }
)

QUADRANTS = pl.DataFrame(
    {
        "quadrant": ["stars", "gems", "fading", "small"],
        "high_value": [True, False, True, False],
        "high_potential": [True, True, False, False],
        "customers": [300, 1, 1_200, 0],
        "clv": [900.0, 60.0, 40.0, 0.0],
        "share_customers": [0.2, 0.001, 0.799, 0.0],
        "share_clv": [0.9, 0.06, 0.04, 0.0],
    }
)

CHARTS = {
    "base_health.orders": (base_health.orders, ORDERS),
    "base_health.lorenz": (base_health.lorenz, LORENZ),
    "base_health.months": (base_health.months, MONTHS),
    "bridge.period": (bridge.period, STEPS),
    "bridge.year": (bridge.year, STEPS),
    "cohorts.retention": (cohorts.retention, RETENTION),
    "cohorts.spend": (cohorts.spend, SPEND),
    "comparison.gini": (comparison.gini, GINI),
    "comparison.spend": (comparison.spend, GROUP_SPEND),
    "comparison.curve": (comparison.curve, CURVE),
    "comparison.stability": (comparison.stability, STABILITY),
    "comparison.pairs": (comparison.pairs, PAIRS),
    "gems.quadrants": (gems.quadrants, QUADRANTS),
    "movement.moves": (movement.moves, MOVES),
    "outlook.course": (outlook.course, COURSE),
    "profiles.attributes": (profiles.attributes, PROFILES),
    "profiles.segments": (profiles.segments, MEETING),
    "segments.grid": (segments.grid, GRID),
    "segments.shares": (segments.shares, GROUPS),
    "structure.groups": (structure.groups, STRUCTURE),
    "validation.tracking": (validation.tracking, TRACKING),
    "validation.by_frequency": (validation.by_frequency, CALIBRATION),
    "validation.by_decile": (validation.by_decile, CALIBRATION.rename({"repeats": "decile"})),
    "validation.forecasts": (validation.forecasts, FORECASTS),
    "validation.gain": (validation.gain, GAIN),
    "value.distribution": (value.distribution, VALUES),
    "value.by_group": (value.by_group, BY_GROUP),
    "value.deciles": (value.deciles, DECILES),
}
