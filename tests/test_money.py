import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.money import LARGEST_AMOUNT, bits_of_sums, exact_sum, from_millionths, to_millionths


def total(amounts):
    return pl.DataFrame({"amount": amounts}, schema={"amount": pl.Float64}).select(exact_sum(pl.col("amount"))).item()


@given(st.lists(st.integers(-(10**11), 10**11), max_size=50), st.randoms(use_true_random=False))
def test_sums_of_cents_are_exact_in_any_order(cents, order):
    amounts = [cent / 100 for cent in cents]
    assert total(amounts) == total(order.sample(amounts, len(amounts))) == sum(cents) / 100


@given(st.lists(st.integers(-(10**17), 10**17), min_size=2, max_size=200))
def test_millionths_become_the_number_that_their_decimals_name(millionths):
    frame = pl.DataFrame({"total": millionths}, schema={"total": pl.Int128})
    money = frame.select(from_millionths(pl.col("total"))).to_series().to_list()
    assert money == [total / 1_000_000 for total in millionths]


@given(st.lists(st.floats(-LARGEST_AMOUNT, LARGEST_AMOUNT), max_size=30), st.randoms(use_true_random=False))
def test_the_narrowest_sums_are_those_of_the_widest(amounts, order):
    some = order.sample(amounts, order.randint(0, len(amounts)))
    frame = pl.DataFrame({"amount": some}, schema={"amount": pl.Float64})
    bits = bits_of_sums(pl.LazyFrame({"amount": amounts}, schema={"amount": pl.Float64}))
    narrow, wide = (frame.select(to_millionths(pl.col("amount"), each).sum()).item() for each in (bits, pl.Int128))
    assert narrow == wide


@pytest.mark.parametrize(
    ("amounts", "bits"),
    [([], pl.Int64), ([4.6e12], pl.Int64), ([4.7e12], pl.Int128), ([2.4e12, -2.4e12], pl.Int128)],
)
def test_bits_go_by_all_amounts_whatever_their_sign(amounts, bits):
    assert bits_of_sums(pl.LazyFrame({"amount": amounts}, schema={"amount": pl.Float64})) == bits


def test_the_largest_amounts_do_not_overflow():
    assert total([LARGEST_AMOUNT] * 100) == pytest.approx(1e17, rel=1e-15)


@given(st.lists(st.integers(-(10**9), 10**9), max_size=30), st.lists(st.integers(-(10**9), 10**9), max_size=30))
def test_sums_of_parts_add_up_to_the_sum_of_the_whole(some, others):
    parts = [[cent / 100 for cent in cents] for cents in (some, others)]
    assert total([*parts[0], *parts[1]]) == pytest.approx(total(parts[0]) + total(parts[1]), abs=1e-6)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ([], 0.0),
        ([0.1] * 10, 1.0),
        ([0.1, 0.2, -0.3], 0.0),
        ([1e15, 0.01, -1e15], 0.01),
        ([1e-7], 0.0),
        ([None], 0.0),
    ],
)
def test_sums_by_hand(amounts, expected):
    assert total(amounts) == expected
