"""Tagged literals and namespace maps: what follows `#inst`, `#uuid`, `#cpp` and `#:ns`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from runtime.core.values import Keyword, Symbol
from runtime.errors import Span
from runtime.reader.forms import CppLiteral

INSTANT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?"
    r"(?:Z|([+-])(\d\d):(\d\d))?"
)


def instant(form: Any, span: Span) -> datetime:
    """`#inst "2024-02-29T12:00:00.000-00:00"` as a UTC time; parts may be left out from the end.

    Digits below a microsecond are dropped. Raises ValueError.
    """
    m = INSTANT.fullmatch(form) if type(form) is str else None
    if m is None:
        raise ValueError('a string like "2024-02-29T12:00:00.000-00:00"')
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = m.groups()
    zone = UTC
    if sign:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        zone = timezone(-offset if sign == "-" else offset)
    micros = int((fraction or "").ljust(6, "0")[:6])
    try:
        return datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            micros,
            zone,
        ).astimezone(UTC)
    except (ValueError, OverflowError) as e:
        raise ValueError(f"an instant that exists ({e})") from None


def unique_id(form: Any, span: Span) -> uuid.UUID:
    """`#uuid "…"`. Raises ValueError."""
    if type(form) is not str or not re.fullmatch(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", form
    ):
        raise ValueError('a string like "550e8400-e29b-41d4-a716-446655440000"')
    return uuid.UUID(form)


# What each tag makes of the form after it; ValueError says what should have been there.
TAGS: dict[str, Callable[[Any, Span], Any]] = {
    "inst": instant,
    "uuid": unique_id,
    "cpp": CppLiteral,
}


def qualified_key(key: Any, ns: str) -> Any:
    """A key of `#:ns{…}`: in `ns` if it has no namespace, in none if its namespace is `_`."""
    kind = type(key)
    if kind is Keyword:
        if key.ns is None or key.ns == "_":
            return Keyword(key.name, ns if key.ns is None else None)
    elif kind is Symbol and (key.ns is None or key.ns == "_"):
        return Symbol(key.name, ns if key.ns is None else None, key.meta, key.span)
    return key
