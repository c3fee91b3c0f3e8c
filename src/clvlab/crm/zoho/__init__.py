"""Zoho CRM by its REST interface.

`connector.py` is what the protocol asks for; `selection.py` says which fields of which modules are read, `records.py`
lists records, `values.py` reads what they hold, `bulk.py` writes many labels as files, which `packed.py` makes, and
`connection.py` calls.
"""

from clvlab.crm.zoho.connector import ZohoCrm

__all__ = ["ZohoCrm"]
