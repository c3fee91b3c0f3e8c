"""Starts notebooks and publishes what they show; knows nothing of the mathematics.

`runner` runs a notebook from parameters to a published folder, `exporter` turns an executed notebook into one
offline page, `archive` keeps the runs.
"""

from clvlab.grammars import import_jsonschema

import_jsonschema()
