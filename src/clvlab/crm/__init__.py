"""Customers and orders from a CRM, and labels back into it.

One protocol (`protocol.py`), one file for each CRM (`zoho.py`, `fxiaoke.py`), which `connect.py` lists and whose keys
the params know (`CrmSource`); all else speaks to the protocol. `fakes/` has made-up CRMs to try connectors with, in
tests and by hand. Needs httpx and tenacity: `pip install 'clvlab[crm]'`.
"""
