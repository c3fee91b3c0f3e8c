"""Logs of customers who buy with the season, BG/NBD by the clock of a known calendar."""

from datetime import date

import numpy as np
import polars as pl

import clvlab as cl
from clvlab.customers.events import read_events

START, DAYS = date(2021, 1, 1), 1096
SEASON = (0.75, 0.65, 0.85, 0.9, 0.95, 0.9, 0.85, 0.9, 1.05, 1.2, 1.7, 1.35)
EVENTS = [
    {"event": "sale", "first_day": "2021-05-03", "last_day": "2021-05-12"},
    {"event": "sale", "first_day": "2022-04-20", "last_day": "2022-04-29"},
    {"event": "sale", "first_day": "2023-06-10", "last_day": "2023-06-19"},
    {"event": "fair", "first_day": "2021-09-20", "last_day": "2021-09-25"},
    {"event": "fair", "first_day": "2022-09-22", "last_day": "2022-09-27"},
    {"event": "fair", "first_day": "2024-02-01", "last_day": "2024-02-06"},
]
LAW = {"r": 0.8, "alpha": 8.0, "a": 0.5, "b": 4.0}


def known_calendar(season=SEASON, factors=None):
    events = [row for row in EVENTS if factors and row["event"] in factors]
    return cl.Calendar(season, factors or {}, read_events(events))


def simulated_log(calendar, n=3_000, seed=1):
    """Rates are per operational week of the calendar; customers come evenly over the log's days."""
    random = np.random.default_rng(seed)
    days = np.datetime64(START) + np.arange(DAYS)
    clock = np.append(0.0, np.cumsum(calendar.rates(days)))
    born = random.uniform(0, DAYS, n)
    rate, leaves = random.gamma(LAW["r"], 1 / LAW["alpha"] / 7, n), random.beta(LAW["a"], LAW["b"], n)
    customer, time = np.arange(n), np.interp(born, np.arange(DAYS + 1), clock)
    rows = [(customer, born)]
    while customer.size:
        time = time + random.exponential(1 / rate[customer])
        customer, time = customer[time < clock[-1]], time[time < clock[-1]]
        rows.append((customer, np.interp(time, clock, np.arange(DAYS + 1))))
        stays = random.random(customer.size) >= leaves[customer]
        customer, time = customer[stays], time[stays]
    who, when = (np.concatenate(each) for each in zip(*rows, strict=True))
    frame = pl.DataFrame({"customer_id": who.astype(str), "date": np.datetime64(START) + when.astype(np.int64)})
    return cl.read_transactions(frame)
