"""A grammar that takes two seconds to compile, and that nothing here needs, is left out of what is imported."""

import sys
from importlib import import_module


def import_jsonschema() -> None:
    """Import jsonschema without its check of international web addresses (the formats `iri` and `iri-reference`).

    altair and nbformat import it; wherever JupyterLab is installed, it compiles the grammar of RFC 3987 as it is
    imported, in every kernel anew. A process that has imported jsonschema before keeps it as it is.
    """
    if "jsonschema" in sys.modules or "rfc3987_syntax" in sys.modules:
        return
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # None: an import of it fails
    try:
        import_module("jsonschema")
    finally:
        del sys.modules["rfc3987_syntax"]
