"""Which purchase model a published report valued its customers by."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clvlab.models import MODEL_NAMES, PURCHASE_MODELS, WithAttributes
from clvlab.params import ReportParams
from clvlab.wording import LANGUAGES, Words

_PARAMETERS = "tables/value_parameters.csv"


@dataclass(frozen=True)
class Before:
    """The last published report before a day, and the purchase model that it valued customers by."""

    as_of: date
    model: str


def model_before(params: ReportParams) -> Before | None:
    """The report before the run's day and its model; None where there is none, or it valued nobody."""
    found = ((_day(path.name), path) for path in params.folder.glob("*-*-*"))
    earlier = [(day, path) for day, path in found if day is not None and day < params.as_of]
    if not earlier:
        return None
    day, folder = max(earlier)
    model = first_model(folder)
    return None if model is None else Before(day, model)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def first_model(folder: Path) -> str | None:
    """The class of the purchase model of the report in a folder, in whose table it is by its code or by its name.

    None where the report valued nobody.
    """
    path = folder / _PARAMETERS
    if not path.exists():
        return None
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    classes = [model.__name__ for model in MODEL_NAMES.values()]
    classes += [WithAttributes(model, ()).name for model in PURCHASE_MODELS]
    named = {Words(lang).name("models", code): code for lang in LANGUAGES for code in classes}
    return {**named, **{code: code for code in classes}}.get(rows[1][0]) if len(rows) > 1 else None
