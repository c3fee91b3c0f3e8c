"""Sessions of Apache Spark: at the address of a Spark Connect server, or of a Spark in this process."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Any

from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.sources.faults import fault
from clvlab.sources.spark.frames import TOKEN, reason_of

_REFUSED = re.compile(r"UNAUTHENTICATED|PERMISSION_DENIED|Invalid authentication token|Illegal metadata")

_OURS = RLock()  # held as long as a Spark runs that is ours to stop


def opened(address: str) -> AbstractContextManager[Any]:
    """A session of its own at an address, which ends with the context.

    Raises
    ------
    ParamsError : PySpark is missing in part, or the server refuses the login
    TryLaterError : the server does not answer
    DataError : no Spark can be started in this process
    """
    return _remote(address) if address.startswith("sc://") else _local(address)


@contextmanager
def _remote(address: str) -> Iterator[Any]:
    try:
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    except ImportError:  # PySpark's own where gRPC is missing
        raise fault("spark_no_extra", ParamsError, module="pyspark[connect]") from None
    session = SparkSession.builder.remote(address).create()
    # For the first word some ten seconds; PySpark would try for ten minutes.
    session.client.set_retry_policies([DefaultPolicy(max_retries=5, max_backoff=5_000)])
    try:
        session.conf.get("spark.sql.session.timeZone")
    except Exception as error:
        session.client.close()
        is_refused, reason = _REFUSED.search(str(error)), reason_of(error)
        if is_refused:
            raise fault("spark_login", ParamsError, address=address, reason=reason, variable=TOKEN) from error
        raise fault("spark_later", TryLaterError, address=address, reason=reason) from error
    session.client.set_retry_policies([DefaultPolicy()])
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def _local(master: str) -> Iterator[Any]:
    """A session of the Spark in this process, which is started where there is none, and stopped then."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with _OURS:
        if SparkContext._active_spark_context is None:  # noqa: SLF001  # what every thread of the process sees
            with _started(master) as session:
                yield session
            return
    yield SparkSession.builder.getOrCreate().newSession()


@contextmanager
def _started(master: str) -> Iterator[Any]:
    """A Spark in this process, stopped with the context."""
    from pyspark.sql import SparkSession

    settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    python = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = python or sys.executable
    try:
        session = SparkSession.builder.master(master).appName("clvlab").config(map=settings).getOrCreate()
    except Exception as error:
        raise fault("spark_no_local", DataError, reason=reason_of(error)) from error
    finally:
        if python is None:
            del os.environ["PYSPARK_PYTHON"]
    try:
        yield session
    finally:
        session.stop()
