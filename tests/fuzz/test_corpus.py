"""Every file of the fuzz run's corpus, the ones that once failed among them, as they are."""

import pytest

from tests.fuzz.rounds import CORPUS, exercise


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.bin")), ids=lambda path: path.stem)
def test_a_file_of_the_corpus_is_accounted_for_or_refused(path):
    accounted = exercise(path, {})
    assert accounted or not path.stem.startswith("log-")
