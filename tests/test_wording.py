"""Every text is there in both languages, asks for the same figures, and can be set."""

import string
from datetime import date

import pytest

from clvlab.errors import ParamsError
from clvlab.wording import LANGUAGES, Name, Words, catalogue

KINDS = {"", "int", "dec1", "dec2", "dec3", "pct", "pct1", "short", "money", "price", "span", "date"}


def fields(text):
    return {(name, kind) for _, name, kind, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_text_stands_in_both_languages_with_the_same_figures(key):
    entry = catalogue()[key]
    assert set(entry) == set(LANGUAGES)
    assert all(isinstance(text, str) and text.strip() for text in entry.values())
    names = [{name for name, _ in fields(text)} for text in entry.values()]
    assert names[0] == names[1]
    assert {kind for text in entry.values() for _, kind in fields(text)} <= KINDS


@pytest.mark.parametrize(
    ("value", "kind", "en", "zh"),
    [
        (1234.5, "int", "1,234", "1,234"),
        (0.413, "pct", "41%", "41%"),
        (41_000, "short", "41K", "4.1万"),
        (1_200_000, "short", "1.2M", "120万"),
        (2_500_000, "money", "$2.5M", "US$250万"),
        (35.171, "price", "$35.17", "US$35.17"),
        ("12 months", "span", "12 months", "12个月"),
        (date(1998, 6, 30), "date", "30 June 1998", "1998年6月30日"),
        (-0.0001, "pct1", "0.0%", "0.0%"),
        (-0.2, "int", "0", "0"),
        (None, "int", "–", "–"),
        (float("nan"), "price", "–", "–"),
    ],
)
def test_a_figure_reads_in_the_manner_of_its_language(value, kind, en, zh):
    assert Words("en", "USD").number(value, kind) == en
    assert Words("zh", "USD").number(value, kind) == zh


def test_a_run_without_a_currency_shows_plain_numbers():
    assert Words("en").number(1234.5, "price") == "1,234.50"
    assert Words("en").number(1234567, "money") == "1.2M"


def test_a_code_is_named_inside_a_sentence():
    text = Words("zh")("segments.groups", group=Name("groups", "champions"), customers=0.09, spend=0.41)
    assert text == "“冠军”组占客户总数的9%，贡献41%的消费额"


def test_a_users_own_value_is_its_own_name_and_is_never_a_template():
    assert Words("en").group("{0.__class__}") == "{0.__class__}"
    assert "{x}" in Words("en")("segments.groups", group=Name("groups", "{x}"), customers=0.1, spend=0.1)


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(ParamsError, match="en, zh"):
        Words("fr")


def test_a_missing_key_names_the_nearest():
    with pytest.raises(KeyError, match=r"segments\.lead"):
        Words("en")("segments.leed")
