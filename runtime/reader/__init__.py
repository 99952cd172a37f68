"""Text → forms with source spans, one by one: `read_all`, `read_one`."""

from runtime.reader.forms import CppLiteral, PlainResolver, ReadForm, Resolver, SpanTable
from runtime.reader.reader import read_all, read_one

__all__ = [
    "CppLiteral",
    "PlainResolver",
    "ReadForm",
    "Resolver",
    "SpanTable",
    "read_all",
    "read_one",
]
