"""Customers and orders from a CRM, and labels back into it.

One protocol (`protocol.py`), one file for each CRM (`zoho.py`). Needs httpx and tenacity: `pip install clvlab[crm]`.
"""
