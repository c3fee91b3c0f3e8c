"""From parameters to the tables of a report: `segmentation` and `comparison` are the two, one module a section.

What both share: `section` (tables and findings), `results` (what a run yields) and `reproduction` (how to make it
again).
"""
