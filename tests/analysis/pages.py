"""A section as a reader has it: its sentences, chart titles and tables in the order of the page."""

import re
from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from clvlab.analysis.results import Results
from clvlab.analysis.section import Section
from clvlab.params import RunParams
from clvlab.presentation import Drawing, Report

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def report_of(
    name: str, section: Section, params: RunParams, lang: str = "en", *, report: type[Report] = Report
) -> Report:
    """The page of nothing but the section `name`, in a language."""
    given = params.model_copy(update={"lang": lang})
    nothing = pl.DataFrame()
    return report(Results(given, None, MappingProxyType({name: section}), nothing, nothing))


def page_of(
    name: str, section: Section, params: RunParams, lang: str = "en", *, report: type[Report] = Report
) -> list[str]:
    """What the section `name` shows in a language, heading first; of a chart its title."""
    return [text_of(piece) for piece in report_of(name, section, params, lang, report=report).pieces(name)]


def sentences_of(
    name: str, section: Section, params: RunParams, lang: str = "en", *, report: type[Report] = Report
) -> list[str]:
    """The same without heading and tables."""
    return [text for text in page_of(name, section, params, lang, report=report)[1:] if "\n" not in text]


def text_of(piece) -> str:
    """A piece of a page as text; of a chart its title."""
    if not isinstance(piece, Drawing):
        return piece.text
    title = piece.chart.to_dict()["title"]
    return title["text"] if isinstance(title, Mapping) else title


def is_chinese(texts: list[str]) -> bool:
    """Whether each of the texts is in Chinese, with all its figures set in."""
    return bool(texts) and all(CHINESE.search(text) and not re.search(r"\{\w+(:\w+)?\}", text) for text in texts)
