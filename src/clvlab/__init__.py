"""Whom to look after, how, and whether the grouping works.

The names below are the package; each is imported when it is first used, so that `import clvlab` and
`clvlab --help` stay quick.
"""

import sys
from importlib import import_module
from typing import Any

_HOME = {
    "read_transactions": "transactions",
    "read_log": "inputs",
    "check_source": "check",
    "show": "showing",
    "summarise_customers": "customers",
    "summarise_frame": "frame_customers",
    "split_holdout": "customers",
    "Calendar": "customers",
    "summarise_opportunities": "customers",
    "minimum_data": "customers",
    "score_rfm": "rfm",
    "BgNbd": "models",
    "MbgNbd": "models",
    "BgCnbdK": "models",
    "MbgCnbdK": "models",
    "ParetoNbd": "models",
    "Nbd": "models",
    "ShiftedBetaGeometric": "models",
    "BgBb": "models",
    "GammaGamma": "models",
    "CovariateModel": "models",
    "Learned": "learned",
    "lifetime_value": "models",
    "residual_lifetime_value": "models",
    "new_customer_value": "models",
    "value_intervals": "models",
    "strategies": "grouping",
    "compare": "comparison",
    "validate": "validation",
    "backtest": "validation",
    "forecast": "planning",
    "choose_model": "validation",
    "analyse": "analysis.segmentation",
    "analyse_comparison": "analysis.comparison",
    "ComparisonReport": "presentation.comparison",
    "Report": "presentation",
    "explore": "lab.explorer",
    "what_if": "lab.what_if",
    "history": "label_history",
    "RfmScorer": "estimators",
    "SegmentLabeler": "estimators",
    "ClvRegressor": "estimators",
    "ReportParams": "params",
    "CompareParams": "params",
    "CustomerSummary": "frames",
    "Holdout": "frames",
    "TransactionLog": "frames",
}
_MODULES = (
    "charts",
    "comparison",
    "compat",
    "datasets",
    "errors",
    "grouping",
    "metrics",
    "models",
    "tables",
    "validation",
)

__all__ = sorted([*_HOME, *_MODULES])
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"clvlab.{_HOME[name]}"), name)
    if name in _MODULES:
        return import_module(f"clvlab.{name}")
    raise AttributeError(f"module 'clvlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


def _draw_charts_offline() -> None:
    """Let the notebook, if this is one, draw charts of Altair's without a server; Altair is not imported for it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.display_formatter.mimebundle_formatter.for_type_by_name(
            "altair.vegalite.v6.api",
            "TopLevelMixin",
            lambda chart: import_module("clvlab.charts.notebook").plain_chart(chart),
        )


_draw_charts_offline()
