"""The user's C++ on its way to Cling: tried in a copy of the process, its slips found and placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime.cling.diagnostics import Diagnostic
from runtime.cling.session import Declared, Session
from runtime.cling.slips import first_slip

_PAST_THE_END = "<<<"  # how Cling names what it reads after a text


@dataclass(frozen=True, slots=True)
class Source:
    """A text of the user's, and the name by which Clang tells of it."""

    name: str
    text: str


def judged(session: Session, code: str, sources: Sequence[Source]) -> Declared:
    """Declare `code`, in which the `sources` are or which includes them, where it does no harm.

    What is rejected was declared in a copy of the process only, and leaves no trace in this one.
    """
    statement = _slip(sources, accepted=True)
    if statement is not None:
        return Declared(False, (statement,), 0.0, traceless=True)
    done = session.declare(code, trial=code, strict=True)
    if done.ok or not sources:
        return done
    found = [_placed(d, sources[0]) for d in done.diagnostics]
    told = any(d.line for d in found if d.severity == "error")
    slip = None if told or not done.harm else _slip(sources, accepted=False)
    return replace(done, diagnostics=(*([slip] if slip else []), *found))


def _slip(sources: Sequence[Source], accepted: bool) -> Diagnostic | None:
    for source in sources:
        slip = first_slip(source.text, accepted)
        if slip is not None:
            quoted = source.text.split("\n")[slip.line - 1]
            return Diagnostic("error", slip.message, source.name, slip.line, slip.col, quoted)
    return None


def _placed(diagnostic: Diagnostic, source: Source) -> Diagnostic:
    """What Clang says of the end of a text, at the end of the text."""
    if not diagnostic.file.startswith(_PAST_THE_END):
        return diagnostic
    lines = source.text.rstrip().split("\n")
    message = f"{diagnostic.message}, but the text ends here"
    return replace(
        diagnostic,
        message=message,
        file=source.name,
        line=len(lines),
        col=max(1, len(lines[-1].encode())),
    )
