"""What the tests of the tiers share: a runtime whose functions are compiled at their third call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime import Runtime


@pytest.fixture
def rt() -> Iterator[Runtime]:
    runtime = Runtime(strategy="tiered", threshold=3)
    yield runtime
    runtime.close()
