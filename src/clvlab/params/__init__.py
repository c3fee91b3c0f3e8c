"""The parameters of a run: read from YAML, checked in full before any work starts.

Every problem of a params file is reported at once: each unknown key with the nearest known one, each wrong value
with what was expected. YAML is read without constructing objects.

What every run has is in `run.py`, what a report or a comparison has besides in `report.py` and `comparison.py`; what
a key may hold in `source.py`, `reading.py`, `strategies.py` and `values.py`. `yaml_file.py` reads parameters,
`problems.py` says what is wrong with them. `variables.py` has what a runner tells its notebook apart from them.
"""

from clvlab.params.comparison import CompareParams
from clvlab.params.file_names import file_name
from clvlab.params.reading import ReaderSettings
from clvlab.params.report import ReportParams
from clvlab.params.run import RunParams
from clvlab.params.strategies import MAP_SUFFIXES, WITH_MONEY, WITHOUT_MONEY, strategy_name
from clvlab.params.values import FROM_COST
from clvlab.params.variables import DUE_LISTS, LOG_FOLDER, PREDECESSOR, PSEUDONYM_KEY, RUN_FOLDER
from clvlab.params.yaml_file import parse_override

__all__ = [
    "DUE_LISTS",
    "FROM_COST",
    "LOG_FOLDER",
    "MAP_SUFFIXES",
    "PREDECESSOR",
    "PSEUDONYM_KEY",
    "RUN_FOLDER",
    "WITHOUT_MONEY",
    "WITH_MONEY",
    "CompareParams",
    "ReaderSettings",
    "ReportParams",
    "RunParams",
    "file_name",
    "parse_override",
    "strategy_name",
]
