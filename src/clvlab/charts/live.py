"""A chart that answers: what is chosen and brushed on it arrives in Python, without a network."""

from functools import cache
from typing import Any

import altair as alt


def live(chart: Any) -> Any:
    """The chart as a widget, with all of its JavaScript in it; `params` and `selections` say what is chosen on it."""
    return _kind()(chart, embed_options={"renderer": "svg", "actions": False})


@cache
def _kind() -> type[alt.JupyterChart]:
    # A class of our own: whether Altair's own charts ask for a network is for their user to say.
    class OfflineChart(alt.JupyterChart):
        """Altair's widget with its JavaScript from vl-convert."""

    OfflineChart.enable_offline()
    return OfflineChart
