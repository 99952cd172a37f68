"""What all tests share: folders of their own, one virtual display, a limit on each test's time."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Generator, Iterator
from types import FrameType

import pytest

from app.environment import VirtualDisplay
from app.system import install_line, missing
from runtime.analysis import verifier
from runtime.cling import headers
from runtime.errors import EnvironmentFault

# Helper modules whose assertions shall show what they compared.
pytest.register_assert_rewrite(
    "tests.conformance.interop.programs",
    "tests.conformance.outcome",
    "tests.conformance.repeated",
    "tests.conformance.unrest",
    "tests.conformance.fuzz.agreement",
    "tests.core.lisp",
    "tests.lisp_cases",
    "tests.tiers.agreement",
)

TEST_SECONDS = 200.0  # for a test that has no `timeout` marker
FAILURES = "TIERSCOPE_TEST_FAILURES"  # names a file that gets a paragraph for each test that fails
_scratch = ""


def pytest_configure() -> None:
    """Keep the tests out of the user's folders, but for ImGui's headers: those are fetched once."""
    global _scratch
    verifier.enabled = True
    if headers.LOCAL_HEADERS not in os.environ:
        try:
            headers.fetch_headers()
            os.environ[headers.LOCAL_HEADERS] = str(headers.cache_folder())
        except EnvironmentFault as fault:  # the tests that need them will fail and say the same
            print(f"{fault}\nexpected: {fault.expected}")
    _scratch = tempfile.mkdtemp(prefix="tierscope-tests-")
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = os.path.join(_scratch, name.lower())


def pytest_unconfigure() -> None:
    """Remove the tests' folders."""
    shutil.rmtree(_scratch, ignore_errors=True)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a failure where `make test` collects those of all its parts, to print them last."""
    collected = os.environ.get(FAILURES)
    if collected and report.failed:
        with open(collected, "a", encoding="utf-8") as file:
            file.write(f"{report.nodeid} ({report.when})\n{report.longreprtext[-3000:]}\n\n")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test marked `gui` the virtual display, before any other fixture."""
    for item in items:
        if item.get_closest_marker("gui") and isinstance(item, pytest.Function):
            item.fixturenames.insert(0, "virtual_display")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that runs longer than it may; pytest's faulthandler ends one stuck in C++."""
    marker = item.get_closest_marker("timeout")
    seconds = float(marker.args[0]) if marker else TEST_SECONDS

    def late(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"took more than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True, scope="module")
def closed_runtimes(request: pytest.FixtureRequest) -> Iterator[None]:
    """No module leaves a runtime open or a future running: their threads would slow all tests after it."""
    before = set(threading.enumerate())
    yield
    gc.unfreeze()  # closed runtimes are cycles that `runtime.process.collector` took out of sight
    gc.collect()
    left = [t for t in set(threading.enumerate()) - before if t.name in ("tier-up", "future")]
    for thread in left:
        thread.join(60)  # closed or cancelled, but not yet at its end
    if any(thread.is_alive() for thread in left) and "conformance" not in request.path.parts:
        pytest.fail(f"left behind: {sorted(thread.name for thread in left if thread.is_alive())}")


@pytest.fixture(scope="session")
def virtual_display() -> Iterator[str]:
    """An Xvfb of 1280×800 with GLX for all GUI tests; DISPLAY names it. Yields that name."""
    lacking = missing(["base", "display"])
    if lacking:
        pytest.fail(f"GUI tests need a virtual display: {install_line(lacking)}")
    display = VirtualDisplay(1280, 800)
    display.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", display.name)
        patch.delenv("WAYLAND_DISPLAY", raising=False)
        yield display.name
    display.stop()
