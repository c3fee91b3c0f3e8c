"""Tidy table -> Altair chart: one module per section; a chart draws what it is given and computes nothing."""

from clvlab.grammars import import_jsonschema

import_jsonschema()
