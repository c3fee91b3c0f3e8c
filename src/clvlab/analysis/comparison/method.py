"""How it was done: the method in words, what was left out, and what it takes to make this report again."""

from clvlab.analysis.comparison.context import ComparisonContext, strategy_names
from clvlab.analysis.reproduction import reproduction
from clvlab.analysis.section import Finding, Section
from clvlab.grouping import strategies


def compute(context: ComparisonContext) -> Section:
    """Tables `left_out` (where there are such), `parameters`, `data` and `versions`."""
    board = context.board
    tables = {"left_out": board.left_out} if board.left_out.height else {}
    tables |= reproduction(context.params, context.log, board.end)
    findings = {
        "lead": Finding.of("method.lead", customers=board.n_customers, judged=board.n_judged, cutoff=board.cutoff),
        "parts": Finding.of("method.parts"),
        "intervals": Finding.of("method.intervals", rounds=board.n_rounds),
        "estimand": Finding.of("method.estimand"),
    }
    sensitive = [name for name in board.ranking["strategy"] if name in strategies and strategies[name].sensitive]
    if sensitive:
        findings["sensitive"] = Finding.of("method.sensitive", strategies=strategy_names(sensitive))
    return Section(tables, findings)
