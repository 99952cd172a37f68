"""Random edits of random programs: after each save, the live program is what a fresh load gives."""

from __future__ import annotations

import pytest

from tests.loading.compare import differences
from tests.robustness import Where, slip

CASES = [
    *[("interpret", seed) for seed in (201, 202, 203, 204, 205)],
    *[("tiered", seed) for seed in (206, 207, 208, 209, 212)],
    ("stub-jit", 213),
    ("inline-jit", 217),
]


@pytest.mark.parametrize(("strategy", "seed"), CASES)
@slip(
    Where.RELOAD,
    "random edits of random programs",
    "After each save the state is that of a fresh load.",
)
def test_random_edits(tmp_path, strategy, seed):
    assert differences(seed, 6, strategy, tmp_path) == []
