"""Random edits of random programs: after each save, the live program is what a fresh load gives."""

from __future__ import annotations

import pytest

from tests.loading.compare import differences

CASES = [
    *[("interpret", seed) for seed in (201, 202, 203, 204, 205)],
    *[("tiered", seed) for seed in (206, 207, 208, 209, 212)],
    ("stub-jit", 213),
    ("inline-jit", 217),
]


@pytest.mark.parametrize(("strategy", "seed"), CASES)
def test_random_edits(tmp_path, strategy, seed):
    assert differences(seed, 6, strategy, tmp_path) == []
