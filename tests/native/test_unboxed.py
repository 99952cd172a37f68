"""Generated C++ computes unboxed what Lisp values compute boxed: values, types and errors are the same."""

from __future__ import annotations

import ctypes
import random
import subprocess
import sysconfig
from pathlib import Path

import runtime.core.numbers  # noqa: F401  # sets the slow paths
from runtime.native import _support, build

HERE = Path(__file__).parent


def test_inline_operations_agree_with_those_on_values(tmp_path: Path) -> None:
    library = tmp_path / "unboxed.so"
    includes = [f"-I{build.HERE}", f"-I{sysconfig.get_paths()['include']}"]
    subprocess.run(  # without optimisation: its hundreds of templates would take ten seconds
        [
            *build.compiler(),
            *build.FLAGS,
            "-O0",
            *includes,
            "-shared",
            str(HERE / "unboxed.cpp"),
            "-o",
            str(library),
        ],
        check=True,
    )
    ctypes.CDLL(_support.__file__, mode=ctypes.RTLD_GLOBAL)
    disagreements = ctypes.PyDLL(str(library)).disagreements
    disagreements.restype = ctypes.c_char_p

    noise = random.Random(1)
    integers = [
        -(2**63),
        -(2**63) + 1,
        -(2**53) - 1,
        -(2**31),
        -7,
        -1,
        0,
        1,
        2,
        7,
        2**30,
        2**31,
        2**53 + 1,
    ]
    integers += [2**63 - 1, *(noise.randint(-(2**63), 2**63 - 1) for _ in range(8))]
    doubles = [-float("inf"), -(2.0**63), -2.5, -1.0, -0.0, 0.0, 5e-324, 0.5, 1.0, 2.0**53, 2.0**63]
    doubles += [float("inf"), float("nan"), *(noise.uniform(-1e19, 1e19) for _ in range(4))]
    found = disagreements(
        (ctypes.c_int64 * len(integers))(*integers),
        ctypes.c_int64(len(integers)),
        (ctypes.c_double * len(doubles))(*doubles),
        ctypes.c_int64(len(doubles)),
    )
    assert found.decode() == ""
