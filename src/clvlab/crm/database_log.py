"""What a database or Spark holds of a log is read into a file next to the reports, and a run is one over this file.

<output>/<name>/.database/orders.parquet    the rows and columns that were read of the table orders (or of the query)
                          account.json      how many rows, and by which statement
"""

import json
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from clvlab.lock import locked
from clvlab.memory_limit import limited
from clvlab.params import RunParams, file_name
from clvlab.transactions.databases import copied
from clvlab.whole_files import write_whole

if TYPE_CHECKING:
    from clvlab.sources.copies import Copy

P = TypeVar("P", bound=RunParams)


def read(params: P, until: date | None) -> tuple[P, "Copy"]:
    """The parameters of a run over what the database holds at present, which is kept in a file; what was read.

    Parameters
    ----------
    params
        those of a run whose source is the database
    until
        the last day that is needed; None for all

    Raises
    ------
    ClvlabError : as by `clvlab.transactions.databases.copied`
    LockedError : another process is at work in the series
    """
    assert params.database is not None
    folder, how = params.folder / ".database", params.reading
    path = folder / f"{file_name(params.source_name)}.parquet"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = how.get("duplicate_key", ())
    with locked(params.folder), limited(how.get("memory_limit")):
        read = copied(
            params.database,
            path,
            params.columns,
            also=(*how.get("where", ()), *params.log_attributes, *key),
            whole=how.get("duplicates") == "drop" and not key,
            until=until,
            time_zone=how.get("time_zone"),
        )
        account = json.dumps({"statement": read.statement, "rows": read.rows}, ensure_ascii=False, indent=2)
        write_whole(folder / "account.json", lambda fresh: fresh.write_text(account, encoding="utf-8"))
    return params.model_copy(update={"source": str(path)}), read
