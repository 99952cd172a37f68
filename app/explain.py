"""`tierscope explain`: one function as each stage of the runtime has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app import environment
from runtime.cling.headers import fetch_headers
from runtime.runtime import Runtime


def explain(
    function: str,
    script: Path | None,
    include: Sequence[Path],
    libraries: Sequence[Path],
    echo: Callable[[str], None],
) -> None:
    """Load `script` under the strategy `interpret`, so that nothing is compiled, and print the stages of a
    function `ns/name` with `echo`. Raises LispError or LispErrors where the script cannot be loaded or does
    not define it."""
    folders = [*include, environment.ASSETS / "cpp"]
    runtime = Runtime("interpret", include_dirs=folders, libraries=list(libraries))
    try:
        runtime.start_imgui(fetch_headers())
        if script is not None:
            runtime.load(script)
        stages = runtime.stages(function)
    finally:
        runtime.close()
    for title, text in (
        ("Source", stages.source),
        ("Typed AST", stages.typed),
        ("Lowered AST, tier 0", stages.lowered),
        ("Stub C++, tier 1", stages.stub_cpp),
        ("Inline C++, tier 2", stages.inline_cpp),
    ):
        echo(f"── {title} {'─' * (76 - len(title))}\n{text.rstrip()}\n")
