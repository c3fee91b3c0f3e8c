"""A source becomes accepted rows and refused rows, each refused row with the rule that refused it."""

from clvlab.transactions.read import read_transactions

__all__ = ["read_transactions"]
