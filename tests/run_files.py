"""The files that a run reads, as its key has them."""

from clvlab.inputs import Snapshot, log_sources, table_sources


def files_read(params):
    """Path -> SHA-256: first of the log's files, then of all others."""
    of_log, tables = (Snapshot.of(sources(params)) for sources in (log_sources, table_sources))
    return {**of_log.digests, **tables.digests}
