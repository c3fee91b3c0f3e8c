"""Params files that fight back, and the words by which each is refused; None for those that are right after all.

Each is a small sound file with one thing changed, or no params file at all. `log.csv` is the log of `bad_files`,
`people.csv` a table of attributes.
"""

from collections.abc import Mapping

SOUND = {
    "name": "bad",
    "source": "log.csv",
    "as_of": "2024-12-21",
    "horizon": "26 weeks",
    "n_clusters": "2",
}
PEOPLE = "customer_id,city,rfm_score\nc01,Rome,5\nc02,Oslo,3\n"


def _with(**changed):
    """The sound file with keys changed; None leaves one out."""
    keys = {key: text for key, text in {**SOUND, **changed}.items() if text is not None}
    return "".join(f"{key}: {text}\n" for key, text in keys.items())


_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

PARAMS: Mapping[str, tuple[str | bytes, str | None]] = {
    # No params file
    "empty": ("", "holds no parameters"),
    "a list": ("- name\n- source\n", "holds no parameters"),
    "a word": ("report\n", "holds no parameters"),
    "noise": (bytes(range(256)), "is not|cannot|YAML|text"),
    "a tab": ("name:\tbad\n\tsource: log.csv\n", "YAML"),
    "an open bracket": (_with(columns="{date: date"), "YAML"),
    "a key twice": (_with() + "name: other\n", "the key 'name' is there more than once"),
    "an object of Python": (_with(name="!!python/object/apply:os.system [ls]"), "YAML|constructor|tag"),
    "references without end": (_LAUGHS + _with(), "Unknown|unknown|not a parameter|aliases"),
    # Keys
    "no name": (_with(name=None), "name"),
    "no source": (_with(source=None), "source"),
    "no day": (_with(as_of=None), "as_of"),
    "a key misspelt": (_with(horizn="12 months"), "Did you mean 'horizon'"),
    "a key of nobody": (_with(colour="red"), "colour"),
    # Names and places
    "an empty name": (_with(name='""'), "name"),
    "a name that climbs": (_with(name="../../etc/passwd"), None),
    "an output with a NUL": (_with(output='"a\\0b"'), "output"),
    "a source that is a number": (_with(source="5"), "source"),
    "a source that is an empty list": (_with(source="[]"), "source"),
    "a source that is not there": (_with(source="gone.csv"), "There is no file 'gone.csv'"),
    "a source that is a folder": (_with(source="."), "is a folder"),
    "a table that is not there": (_with(attributes="gone.csv"), "There is no file 'gone.csv'"),
    # Days and lengths
    "a day in words": (_with(as_of="tomorrow"), "as_of"),
    "a day that is none": (_with(as_of='"2024-02-30"'), "as_of"),
    "a day with a time": (_with(as_of="2024-12-21 10:30:00"), "without a time"),
    "the end of time": (_with(as_of="9999-12-31"), "1900-01-02 to 2100-12-31"),
    "a day before the log": (_with(as_of="2020-01-01"), "no purchase up to"),
    "a day long after the log": (_with(as_of="2026-06-30"), "allow_stale"),
    "moons": (_with(horizon="12 moons"), "horizon"),
    "a length of nothing": (_with(horizon="0 weeks"), "horizon"),
    "a length below nothing": (_with(horizon='"-3 weeks"'), "horizon"),
    "a holdout of ages": (_with(holdout="9999 years"), None),
    "an unknown unit": (_with(time_unit="year"), "time_unit"),
    # Money
    "a discount below nothing": (_with(annual_discount_rate="-0.1"), "annual_discount_rate"),
    "a discount in per cent": (_with(annual_discount_rate="10%"), "annual_discount_rate"),
    "an endless discount": (_with(annual_discount_rate=".inf"), "annual_discount_rate"),
    "a margin of nothing": (_with(margin="0"), "margin"),
    "a margin above all": (_with(margin="2"), "margin"),
    "a margin in words": (_with(margin="lots"), "margin"),
    "a margin from costs that are not there": (_with(margin="from cost"), "cost"),
    "a currency by its sign": (_with(currency='"$"'), "currency"),
    "rates without a column": (_with(currency_rates="{USD: 7}"), "currency"),
    # Groupings and models
    "an unknown strategy": (_with(strategy="rfm12"), "strategy"),
    "an attribute of nobody": (_with(strategy="{attribute: planet}"), "planet"),
    "a map that is not there": (_with(strategy="nomap.yaml"), "nomap.yaml"),
    "a single score": (_with(rfm="{n_bins: 1}"), "n_bins"),
    "scores as text": (_with(rfm='{n_bins: "5"}'), "n_bins"),
    "no cluster": (_with(n_clusters="0"), "n_clusters"),
    "an unknown model": (_with(model="arima"), "model"),
    "an unknown language": (_with(lang="fr"), "lang"),
    "unknown labels": (_with(export_labels="both"), "export_labels"),
    # Reading
    "a column of nobody": (_with(columns="{foo: bar}"), "foo"),
    "columns in a list": (_with(columns="[date]"), "columns"),
    "one column for two": (_with(columns="{date: date, amount: date}"), "Map each column once|both"),
    "a column that is not there": (_with(columns="{amount: price}"), "has no column 'price'"),
    "an unknown decimal mark": (_with(decimal='";"'), "decimal"),
    "an unknown encoding": (_with(encoding="klingon"), "encoding is 'klingon'"),
    "a long separator": (_with(separator='";;"'), "single character"),
    "a header above the first row": (_with(header_row="0"), "header_row"),
    "a header below the last row": (_with(header_row="9999"), "no header in row 9999"),
    "a format of hours": (_with(date_format='"%H"'), "names no day"),
    "a zone on Mars": (_with(time_zone="Mars"), "is not a time zone"),
    "a filter of a column that is not there": (_with(where="{planet: Mars}"), "has no column 'planet'"),
    "a filter of a value that is not there": (_with(where="{customer_id: nobody}"), "no row is"),
    "a filled column that is none": (_with(fill_down="planet"), "planet"),
    "a key that is not there": (_with(duplicate_key="planet"), "has no column 'planet'"),
    "an attribute that is not there": (_with(log_attributes="planet"), "has no column 'planet'"),
    "a share above all": (_with(max_refused="2"), "max_refused"),
    "a largest amount of nothing": (_with(largest_amount="0"), "largest_amount"),
    "items without money": (_with(items="people.csv"), "Items need an amount"),
    "returns without orders": (_with(returns="people.csv"), "order_id"),
    "a static column of nobody": (_with(attributes="people.csv", static="planet"), "planet"),
}
