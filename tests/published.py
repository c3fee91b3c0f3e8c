"""Published comparisons, written by hand."""

import json

import polars as pl

from clvlab.export import table_in_words, write_csv
from clvlab.inputs import sha256
from clvlab.params import CompareParams
from clvlab.wording import Words

RANKING = pl.DataFrame(
    {
        "strategy": ["value_grades", "hiatus", "clv_tiers", "value_rfm"],
        "gini": [0.5, 0.42, 0.3, 0.1],
        "gini_low": [0.4, 0.39, 0.2, None],
        "gini_high": [0.6, 0.45, 0.4, None],
        "recommended": [True, False, False, False],
    }
)


def publish(output, name="compare", as_of="1998-06-30", *, ranking=RANKING, files=None, **given):
    """What a published comparison leaves of its parameters and of its ranking; the folder."""
    params = CompareParams(**{"name": name, "source": "rows", "as_of": as_of, "output": str(output), **given})
    folder = params.folder / as_of
    table = ranking if params.export_labels == "codes" else table_in_words(ranking, Words(params.lang))
    write_csv(table, folder / "tables" / "recommendation_every_strategy.csv")
    return account(folder, params, files)


def account(folder, params, files=None):
    """Write the manifest of a folder that has all other files of a run; the folder."""
    outputs = {path.relative_to(folder).as_posix(): sha256(path) for path in folder.rglob("*") if path.is_file()}
    manifest = {
        "key": f"key of {params.name}",
        "parameters": params.to_dict(),
        "files": files or {},
        "outputs": outputs,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
