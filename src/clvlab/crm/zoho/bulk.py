"""Many labels are written as files, by jobs that go on by themselves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from clvlab.crm.protocol import Outcome, Row, Status
from clvlab.crm.recovery import Labels, unwritten
from clvlab.crm.transport import LostReplyError, checked_url
from clvlab.crm.zoho.connection import API_HOSTS, Connection, wrong
from clvlab.crm.zoho.packed import packed, told
from clvlab.errors import DataError, TryLaterError
from clvlab.params.source import BulkWrite
from clvlab.sources.faults import fault

BULK_ABOVE = 5_000
"""Of how many records on a file costs fewer calls than updates do: 500 credits, as against one for every ten."""
_UNDER_WAY = frozenset({"ADDED", "QUEUED", "INPROGRESS", "IN PROGRESS"})
_POLLS, _LONGEST_POLL = 150, 30.0
_DOWNLOAD_HOSTS = API_HOSTS | frozenset(
    f"download-accl.zoho.{end}" for end in ("com", "eu", "in", "com.au", "com.cn", "jp")
)
PER_UPDATE, _PER_FILE = 100, 25_000


def batches(rows: Sequence[Row], *, in_files: bool) -> Iterator[Sequence[Row]]:
    """A hundred rows at a time; in files, where they may be, those whose like are more than `BULK_ABOVE`.

    A file has a cell for each of its fields, and an empty one clears: rows of a file have the same fields.
    """
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(row.values) if in_files else (), []).append(row)
    for group in alike.values():
        size = _PER_FILE if in_files and len(group) > BULK_ABOVE else PER_UPDATE
        yield from (group[at : at + size] for at in range(0, len(group), size))


class BulkJobs:
    """Jobs that write files of labels into the records of a module.

    Parameters
    ----------
    connection
        what calls
    module
        whose records are written
    labels
        the present values of fields of records
    """

    def __init__(self, connection: Connection, module: str, labels: Labels) -> None:
        self._connection = connection
        self._module = module
        self._labels = labels

    def written(self, rows: Sequence[Row], bulk: BulkWrite, begun: Callable[[str], None]) -> list[Outcome]:
        """Write rows of the same fields as one file, by a job that goes on by itself."""
        names = ["id", *rows[0].values]
        resource = {
            "type": "data",
            "module": {"api_name": self._module},
            "file_id": self._uploaded(packed(names, rows), bulk),
            "find_by": "id",
            "ignore_empty": False,
            "field_mappings": [{"api_name": name, "index": place} for place, name in enumerate(names)],
        }
        body = {"operation": "update", "character_encoding": "UTF-8", "ignore_empty": False, "resource": [resource]}
        try:
            asked = self._connection.call("POST", "bulk/write", body=body, may_repeat=False)
        except LostReplyError:
            return self._read_back(rows, "unknown")
        if asked.status not in (200, 201, 202):
            raise wrong(asked, "POST bulk/write")
        job = str(asked.body["details"]["id"])
        begun(job)
        done = self.ended(job)
        url = done.get("result", {}).get("download_url")
        if done["status"] != "COMPLETED" or not url:
            return self._read_back(rows, "refused", str(done["status"]))
        return told(rows, self._downloaded(url))

    def _uploaded(self, file: bytes, bulk: BulkWrite) -> str:
        """The id of a file that was uploaded; Zoho takes files on hosts of their own."""

        def host(domain: str) -> str:
            return checked_url(bulk.get("upload", domain.replace("//www.", "//content.")), "bulk.upload")

        head = {"feature": "bulk-write", "X-CRM-ORG": bulk["organisation"]}
        reply = self._connection.call("POST", "upload", host=host, headers=head, files={"file": ("labels.zip", file)})
        if reply.status != 200 or "details" not in reply.body:
            raise wrong(reply, "POST upload")
        return str(reply.body["details"]["file_id"])

    def ended(self, job: str) -> Mapping[str, Any]:
        """What is said of a job once it has ended."""
        for attempt in range(_POLLS):
            reply = self._connection.call("GET", f"bulk/write/{job}")
            if reply.status != 200:
                raise wrong(reply, "GET bulk/write")
            [said] = reply.body.get("data", [reply.body])
            if said["status"] not in _UNDER_WAY:
                found: Mapping[str, Any] = said
                return found
            self._connection.sleep(min(5.0 * 1.2**attempt, _LONGEST_POLL))
        raise fault("crm_job", TryLaterError, job=job)

    def _downloaded(self, url: str) -> bytes:
        """The result of a job; a token goes with the call, so that it goes to Zoho alone."""
        parts = urlsplit(url)
        named = f"{parts.scheme}://{parts.netloc}"

        def host(domain: str) -> str:
            if named != domain and (parts.scheme != "https" or parts.hostname not in _DOWNLOAD_HOSTS):
                raise fault("crm_foreign_host", DataError, host=named)
            return named

        reply = self._connection.call("GET", parts.path, host=host, is_file=True)
        if not isinstance(reply.body, bytes):
            raise wrong(reply, "GET bulk/write/result")
        return reply.body

    def _read_back(self, rows: Sequence[Row], otherwise: Status, code: str = "") -> list[Outcome]:
        missing = unwritten(rows, self._labels)
        return [Outcome(row.id, otherwise, code) if row.id in missing else Outcome(row.id, "written") for row in rows]
