"""Customers and orders from a CRM, and labels back into it; the same of a database.

One protocol (`protocol.py`), one connector for each CRM (`zoho/`, `fxiaoke.py`), which `connect.py` lists and whose
keys the params know (`CrmSource`); all else speaks to the protocol. `fakes/` has made-up CRMs to try connectors with,
in tests and by hand. Needs httpx and tenacity: `pip install 'clvlab[crm]'`. A database gives a log
(`database_log.py`) and takes labels by the same protocol (`database_labels.py`): `pip install 'clvlab[databases]'`.
"""
