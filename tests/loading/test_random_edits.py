"""Random edits of random programs: after each save, the live program is what a fresh load gives."""

from __future__ import annotations

import pytest

from tests.loading.compare import differences

CASES = [
    *[("interpret", seed) for seed in (0, 1, 3, 4)],
    *[("tiered", seed) for seed in (5, 7, 8, 9)],
    ("stub-jit", 12),
    ("inline-jit", 13),
]


@pytest.mark.parametrize(("strategy", "seed"), CASES)
def test_random_edits(tmp_path, strategy, seed):
    assert differences(seed, 6, strategy, tmp_path) == []
