"""Frames of Apache Spark, of PySpark and of Spark Connect.

Rows come partition by partition, so that they need not fit memory, neither the driver's nor ours: on the cluster each
Arrow batch is packed into one cell, and these rows are handed over one after the other. For that the cluster's Python
has to have pyarrow, and nothing of ours. PySpark's own Arrow stream does the same, but cannot have a column of
moments (4.3), and `toArrow` collects all rows in the driver.
"""

import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from clvlab.errors import ClvlabError, DataError
from clvlab.sources.copies import gathered, write
from clvlab.sources.faults import fault
from clvlab.sources.headers import distinct
from clvlab.sources.texts import printable

TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
"""The environment variable in which Spark itself looks for a token."""

_PLAIN = frozenset(
    {"binary", "boolean", "byte", "char", "date", "decimal", "double", "float", "integer", "long", "short", "string"}
    | {"timestamp", "timestamp_ntz", "varchar", "void"}
)
_TYPES = {pl.Float64: "double", pl.Int64: "bigint", pl.String: "string", pl.Date: "date"}
_ARROW = {"double": pa.float64(), "bigint": pa.int64(), "string": pa.string(), "date": pa.date32()}


def is_frame(source: Any) -> bool:
    """Whether it is a frame of PySpark or of Spark Connect; neither is imported for it."""
    from narwhals.dependencies import is_pyspark_connect_dataframe, is_pyspark_dataframe

    return is_pyspark_dataframe(source) or is_pyspark_connect_dataframe(source)


def write_frame(source: Any, path: Path, name: str) -> dict[str, Any]:
    """Write the rows of a frame into a Parquet file; what was found out about its columns.

    Raises
    ------
    DataError : the cluster cannot compute it
    """
    with explained("unreadable", file=name):
        names, repeated = distinct(source.columns)
        write(frames_of(source, names), path)
    return {"repeated": repeated} if repeated else {}


def collected(source: Any) -> pl.DataFrame:
    """The rows of a frame that fits memory."""
    with explained("unreadable", file="The frame"):
        return pl.concat(frames_of(source, source.columns))


def without_rows(source: Any) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The columns of a frame, and what was found out about them."""
    names, repeated = distinct(source.columns)
    with explained("unreadable", file="The frame"):
        return pl.concat(frames_of(source.limit(0), names)), {"repeated": repeated} if repeated else {}


def chosen(source: Any, names: Mapping[str, str]) -> Any:
    """The columns of these names, as `without_rows` has them, by others; what Arrow has no plain type for is text."""
    there, _ = distinct(source.columns)
    places = [f"c{there.index(name)}" for name in names]
    return _plain(_numbered(source).select(*places)).toDF(*names.values())


def mapped(
    source: Any,
    function: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    key: str | None = None,
    together: str | None = None,
) -> Any:
    """The frame of what a function makes of the rows of a frame, some at a time, on the cluster when it is asked for.

    The cluster's Python has to have clvlab. What the function makes of no rows says of which columns the frame is.
    The column `key` is of the same type in both frames. Of the column `together` the function gets all rows of one
    value at once, with those of other values: as many as come into a partition of the cluster.
    """
    names, none = source.columns, collected(source.limit(0))
    types = {name: _TYPES.get(type(dtype), "string") for name, dtype in function(none).schema.items()}
    if key is not None:
        types |= {key: source.schema[key].dataType.simpleString()}

    def made(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables = iter(batches)
        first = next(tables, None)
        if first is None:
            return
        own = {} if key is None else {key: first.schema.field(names.index(key)).type}
        schema = pa.schema({name: own.get(name) or _ARROW[kind] for name, kind in types.items()})
        parts = (pl.DataFrame(batch.rename_columns(names)) for batch in chain([first], tables))
        for rows in gathered(parts, none.clear) if together is None else [pl.concat(parts)]:
            yield from function(rows).to_arrow().cast(schema).to_batches()

    with quiet():
        rows = _numbered(source if together is None else source.repartition(quoted(together)))
        return rows.mapInArrow(made, ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items()))


def quoted(name: str) -> str:
    """A name as a statement has it, its own quotes doubled.

    >>> quoted("Größe"), quoted("a`b")
    ('`Größe`', '`a``b`')
    """
    return "`" + name.replace("`", "``") + "`"


def reason_of(error: BaseException) -> str:
    """What Spark says is wrong, on one line, without the statement, its own traces and a token."""
    text = str(error).split("\n\nJVM stacktrace")[0].strip()
    if "Traceback (most recent call last)" in text:  # in the Python of the cluster, whose last line says it
        text = [line for line in text.splitlines() if line.strip() and not re.match(r"\s*at ", line)][-1]
    if details := re.search(r'details = "(.*?)"\s*(\n|$)', text, re.DOTALL):
        text = details[1]
    text = re.split(r"\n+(?:==|'|\+-)|\s*SQLSTATE", text)[0]
    text = re.sub(r"^(?:Unknown error: )?\[[A-Z_.]+\]\s*", "", text)
    if token := os.environ.get(TOKEN, "").strip():
        text = text.replace(token, "***")
    return printable(" ".join(text.split())[:300].rstrip(".!; "))


@contextmanager
def explained(code: str, **where: str) -> Iterator[None]:
    """Turn an error of Spark into one of ours."""
    with quiet():
        try:
            yield
        except ClvlabError:
            raise
        except Exception as error:  # Spark's own, whose class is there only where PySpark is
            raise fault(code, DataError, reason=reason_of(error), **where) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to itself what PySpark warns of pandas, of which nothing here makes use, and what errors say anyway."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"PySpark does not yet fully support pandas|\[RETRIES_EXCEEDED\]")
        from pyspark.logger import PySparkLogger

        logger = PySparkLogger.getLogger("SQLQueryContextLogger")
        before, logger.disabled = logger.disabled, True
        try:
            yield
        finally:
            logger.disabled = before


def frames_of(frame: Any, names: list[str]) -> Iterator[pl.DataFrame]:
    """The rows of a frame, some at a time, columns by these names; one empty frame where there are none.

    What Arrow has no plain type for (lists, maps, ...) is text.
    """
    plain = _plain(_numbered(frame))
    parts = (pl.DataFrame(batch.rename_columns(names)) for batch in _batches(plain))
    return gathered(parts, lambda: pl.DataFrame(plain.limit(0).toArrow().rename_columns(names)))


def _numbered(frame: Any) -> Any:
    """The frame with columns c0, c1, ...: Spark mistakes a dot in a name for a part of a column."""
    return frame.toDF(*(f"c{place}" for place in range(len(frame.columns))))


def _plain(numbered: Any) -> Any:
    """The frame with texts for what Arrow has no plain type for."""
    return numbered.selectExpr(
        *(
            field.name if field.dataType.typeName() in _PLAIN else f"CAST({field.name} AS STRING) AS {field.name}"
            for field in numbered.schema
        )
    )


def _batches(frame: Any) -> Iterator[pa.RecordBatch]:
    """The Arrow batches of a frame, of one partition after the other."""

    # Not at the top of the module, so that it is sent to the cluster as it is, where nothing of ours is installed.
    def packed(batches: Any) -> Any:
        import pyarrow as pa

        for batch in batches:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as stream:
                stream.write_batch(batch)
            yield pa.RecordBatch.from_pydict({"batch": [sink.getvalue().to_pybytes()]})

    for row in frame.mapInArrow(packed, "batch binary").toLocalIterator(prefetchPartitions=True):
        with pa.ipc.open_stream(row["batch"]) as stream:
            yield from stream
