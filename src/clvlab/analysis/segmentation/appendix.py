"""Appendix: what it takes to make this report again."""

from clvlab.analysis.reproduction import reproduction
from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context


def compute(context: Context) -> Section:
    """Tables `parameters`, `data` and `versions`, as of the run's day."""
    tables = reproduction(context.params, context.log, context.as_of)
    return Section(tables, {"lead": Finding.of("appendix.lead")})
