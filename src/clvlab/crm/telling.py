"""What labelling would do, and has done, in words."""

from collections.abc import Iterator
from typing import get_args

from clvlab.crm.labels import Done, Plan
from clvlab.crm.protocol import Status
from clvlab.wording import Words

_SHOWN = 20


def of_plan(planned: Plan, words: Words, place: str) -> Iterator[str]:
    """What would change in a place, such as the CRM: counted, and the first of the values before and after."""
    table = planned.table
    yield words("label.changes", records=len(planned.changes))
    for name, rows in table.group_by("field", maintain_order=True).len().sort("field").iter_rows():
        yield "  " + words("label.by_field", field=name, records=rows)
    counts = {"unchanged": planned.unchanged, "absent": planned.absent, "cleared": planned.cleared}
    for what, records in counts.items():
        if records:
            yield words(f"label.records_{what}", records=records, place=place)
    empty = words("label.empty")
    for record, name, before, after in table.head(_SHOWN).fill_null(empty).iter_rows():
        yield f"  {record}  {name}  {before} -> {after}"
    if table.height > _SHOWN:
        yield "  " + words("label.more", rows=table.height - _SHOWN)


def of_done(done: Done, words: Words) -> Iterator[str]:
    """What became of the records, those that were not written one by one, and the way back."""
    for status in get_args(Status):
        if done.counts.get(status):
            yield words(f"label.records_{status}", records=done.counts[status])
    failed = [it for it in done.outcomes if it.status != "written"]
    for outcome in failed[:_SHOWN]:
        yield "  " + words("label.row", id=outcome.id, reason=outcome.code or outcome.status)
    if len(failed) > _SHOWN:
        yield "  " + words("label.more", rows=len(failed) - _SHOWN)
    if done.undo is not None:
        yield words("label.undo", file=done.undo)
