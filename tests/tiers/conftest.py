"""What the tests of the tiers share: a runtime whose functions are compiled at their third call,
however often they are redefined."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime import Runtime
from runtime.tiers.policy import Limits


@pytest.fixture
def rt() -> Iterator[Runtime]:
    runtime = Runtime(strategy="tiered", threshold=3, limits=Limits(rest_s=0.0))
    yield runtime
    runtime.close()
