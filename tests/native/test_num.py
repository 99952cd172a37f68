"""`ts::num` computes what Lisp values compute, holds what they hold, and counts its references."""

from __future__ import annotations

import ctypes
import subprocess
import sysconfig
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import runtime.core.numbers  # noqa: F401  # sets the slow paths
from runtime.core.values import BigInt, Char, Keyword
from runtime.native import _support, build

HERE = Path(__file__).parent
INTEGERS = [-(2**63), -(2**53) - 1, -7, -1, 0, 1, 2, 2**30 - 1, 2**30, 2**31, 2**62, 2**63 - 1]
DOUBLES = [-float("inf"), -2.5, -0.0, 0.0, 0.5, 2.0, 2.0**53, 2.0**63, float("inf"), float("nan")]
OBJECTS = [
    *(BigInt(5), BigInt(2**80), Fraction(1, 2), Fraction(-7, 3), Decimal("1.5"), Decimal(2)),
    *(True, False, None, "a", Char("b"), Keyword("k"), [], BigInt(10**400)),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.PyDLL:
    path = tmp_path_factory.mktemp("num") / "num.so"
    includes = [f"-I{build.HERE}", f"-I{sysconfig.get_paths()['include']}"]
    flags = [*build.compiler(), *build.FLAGS, "-O0", *includes, "-shared"]
    subprocess.run([*flags, str(HERE / "num.cpp"), "-o", str(path)], check=True)
    ctypes.CDLL(_support.__file__, mode=ctypes.RTLD_GLOBAL)
    loaded = ctypes.PyDLL(str(path))
    for name, result in (("disagreements", ctypes.c_char_p), ("leaked", ctypes.c_long)):
        getattr(loaded, name).restype = result
        getattr(loaded, name).argtypes = [ctypes.py_object]
    loaded.kind.argtypes = [ctypes.py_object]
    return loaded


def test_operations_agree_with_those_on_values(library: ctypes.PyDLL) -> None:
    assert library.disagreements([*INTEGERS, *DOUBLES, *OBJECTS]).decode() == ""


@pytest.mark.parametrize(
    "value", [object(), 7, 10**30, 2.5, BigInt(2**80), Fraction(1, 3), "text" * 3]
)
def test_references_are_counted(library: ctypes.PyDLL, value: object) -> None:
    assert library.leaked(value) == 0


def test_only_integers_of_64_bits_and_doubles_are_unboxed(library: ctypes.PyDLL) -> None:
    class Own(int):
        pass

    class OwnFloat(float):
        pass

    assert {library.kind(i) for i in INTEGERS} == {0}
    assert {library.kind(d) for d in DOUBLES} == {1}
    objects = [*OBJECTS, 2**63, -(2**63) - 1, Own(1), OwnFloat(1.0)]
    assert {library.kind(o) for o in objects} == {2}
