"""The command line: `clvlab new`, `check`, `report`, `backfill`, `compare`, `label` and the others of `clvlab -h`.

Standard output carries what was asked for and nothing else, of a run the path of its report; all that is said on the
way goes to standard error.
Exit codes: 0 published or up to date, 1 the notebook failed, or a report of a backfill, 2 bad parameters or bad data,
75 another run holds the lock, or another system says to come later, 124 timed out, 138 the kernel died; 129, 130,
131, 143 and 152 stopped by SIGHUP, Ctrl-C, SIGQUIT, SIGTERM or the limit on processor time. A standard stream that is
closed, or whose reader has gone, changes no exit code.

Commands are in files by what they are for; none imports what it works with before it is called, so that `--help` is
quick. `exit_codes.py` turns errors into codes and sentences, `output.py` writes.
"""

import click

from clvlab import __version__
from clvlab.cli.beginning import check, new, notebooks
from clvlab.cli.labelling import label
from clvlab.cli.made_up_crm import crm
from clvlab.cli.output import open_streams
from clvlab.cli.published import diff, effect, runs
from clvlab.cli.publishing import backfill, compare, report


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[check, new, notebooks, report, compare, backfill, runs, diff, effect, label, crm],
)
@click.version_option(__version__)
def main() -> None:
    """Whom to look after, how, and whether the grouping works.

    Begin with `clvlab new my-project --from orders.csv`, which lays out a folder to work in, or with `clvlab check
    orders.csv --write-params orders.yaml`; `cdnow`, an embedded log, serves for orders.csv. Then `clvlab report
    orders.yaml`. `clvlab backfill` makes a series of reports, `clvlab runs` lists what is
    published and what failed, `clvlab diff` compares two runs. `clvlab notebooks` gives the same to try by hand.
    """
    open_streams()
