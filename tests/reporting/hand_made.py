"""Published reports made by hand, with what is read of them when all is done."""

import json

import polars as pl

GIVEN = {"name": "shop", "strategy": "rfm11", "every": "month", "currency": "USD", "lang": "en"}


def labelled(output, day, groups=("champions", "lost"), headline=(), rule=None, **given):
    """The folder of a report of a day; `given` goes over what its manifest has."""
    parameters = {**GIVEN, "as_of": day, **given.pop("parameters", {})}
    folder = output / parameters["name"] / day
    folder.mkdir(parents=True)
    ids = [f"c{place}" for place in range(len(groups))]
    pl.DataFrame({"customer_id": ids, "group": groups, "clv": [7.0] * len(ids)}).write_parquet(
        folder / "customers.parquet"
    )
    told = {
        "key": day,
        "parameters": parameters,
        "files": {},
        "log_files": {"log.csv": "a" * 64},
        "rows": {"sha256": "b" * 64, "accepted": 1_234, "refused": {"missing_date": 5}},
        "predecessor": "published",
        "package": "c" * 64,
        "notebook": "d" * 64,
        "versions": {"python": "3.13.1", "polars": "2.0.0"},
        "started": "2024-05-01T10:11:12+00:00",
        "seconds": 12.34,
        "outputs": {"report.html": "", "customers.parquet": ""},
        **given,
    }
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    figures = [{"measure": measure, "kind": kind, "value": value} for measure, kind, value in headline]
    (folder / "headline.json").write_text(json.dumps(figures), encoding="utf-8")
    if rule is not None:
        (folder / "rule.json").write_text(json.dumps(rule), encoding="utf-8")
    (folder / "report.html").touch()
    return folder
