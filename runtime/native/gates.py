"""Builds the library of gates: what C++ that scripts call finds in place of Dear ImGui's functions.

Each gate has the name of a function of imgui-bundle's library and leads to it, after a few instructions on
the window's thread. In C++ that a script calls on another one it raises what native/drawing.cpp says. The
library is opened before the names of imgui-bundle's own are made known, so that compiled code and users'
libraries find the gates first; imgui-bundle itself, and so Python's calls, do not.
"""

from __future__ import annotations

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from runtime.native.build import HERE, compiler, digest

# What works on the state that is drawn: functions by namespace, and the methods of draw lists.
_DRAWS = re.compile(
    r"_ZN(5ImGui|6ImPlot|8ImPlot3D|7ImNodes|8ImGuizmo)\d+(?P<function>[A-Za-z]+)|_ZNK?10ImDrawList\d+[A-Z]"
)
# What has nothing to do with it, or is asked for before there is any.
_PLAIN = re.compile(
    r"ColorConvert|GetVersion|Mem(Alloc|Free)E|[GS]etAllocatorFunctions|DebugCheckVersion|DebugAllocHook"
)

_SOURCE = r"""
// Made by runtime/native/gates.py.
#include <dlfcn.h>
static char const* const names[] = {{ {names} }};
constexpr int count = sizeof names / sizeof *names;
extern "C" {{
__attribute__((visibility("hidden"))) void* ts_gate_targets[count];
__attribute__((visibility("hidden"))) void* const* ts_gate_drawer;
__attribute__((visibility("hidden"))) bool (*ts_gate_closed)() noexcept;
__attribute__((visibility("hidden"))) void (*ts_gate_refuse)(char const*);
__attribute__((visibility("hidden"), noreturn)) void ts_gate_refused(int index) {{
  ts_gate_refuse(names[index]);
  __builtin_unreachable();
}}
// `library` has the functions, `drawer` the thread that may call them; `closed` tells of any other, `refuse`
// throws.
int ts_open_gates(void* library, void* const* drawer, bool (*closed)() noexcept,
                  void (*refuse)(char const*)) {{
  ts_gate_drawer = drawer;
  ts_gate_closed = closed;
  ts_gate_refuse = refuse;
  for(int i = 0; i < count; ++i)
    if(!(ts_gate_targets[i] = dlsym(library, names[i]))) return 0;
  return 1;
}}
}}
asm(R"(
  .text
  .type ts_gate_other, @function
ts_gate_other: # the function's number in r11; what holds arguments is kept
  .cfi_startproc
  pushq %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %rcx
  pushq %r8
  pushq %r9
  pushq %rax
  pushq %r11
  subq $128, %rsp
  movups %xmm0, (%rsp)
  movups %xmm1, 16(%rsp)
  movups %xmm2, 32(%rsp)
  movups %xmm3, 48(%rsp)
  movups %xmm4, 64(%rsp)
  movups %xmm5, 80(%rsp)
  movups %xmm6, 96(%rsp)
  movups %xmm7, 112(%rsp)
  call *ts_gate_closed(%rip)
  movl %eax, %r10d
  movups (%rsp), %xmm0
  movups 16(%rsp), %xmm1
  movups 32(%rsp), %xmm2
  movups 48(%rsp), %xmm3
  movups 64(%rsp), %xmm4
  movups 80(%rsp), %xmm5
  movups 96(%rsp), %xmm6
  movups 112(%rsp), %xmm7
  addq $128, %rsp
  popq %r11
  popq %rax
  popq %r9
  popq %r8
  popq %rcx
  popq %rdx
  popq %rsi
  popq %rdi
  popq %rbp
  .cfi_def_cfa %rsp, 8
  testb %r10b, %r10b
  jne 1f
  leaq ts_gate_targets(%rip), %r10
  jmp *(%r10, %r11, 8)
1:
  movl %r11d, %edi
  jmp ts_gate_refused
  .cfi_endproc
  .size ts_gate_other, .-ts_gate_other
  .macro gate name, number
  .globl \name
  .type \name, @function
  .p2align 4
\name:
  movq %fs:0, %r11
  movq ts_gate_drawer(%rip), %r10
  cmpq (%r10), %r11
  movl $\number, %r11d
  jne ts_gate_other
  jmp *ts_gate_targets+8*\number(%rip)
  .size \name, .-\name
  .endm
{gates}
)");
"""


def gates(library: Path) -> Path:
    """The built library of gates for imgui-bundle's own; built where it is missing or out of date.

    Raises `subprocess.CalledProcessError` when that fails and `FileNotFoundError` without a compiler.
    """
    told = library.stat()
    facts = (_SOURCE, _DRAWS.pattern, _PLAIN.pattern, told.st_size, told.st_mtime_ns)
    target = HERE / "build" / f"imgui_gates.{digest(facts, ())[:16]}.so"
    if target.exists():
        return target
    target.parent.mkdir(exist_ok=True)
    for old in target.parent.glob("imgui_gates.*.so"):
        old.unlink(missing_ok=True)
    found = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    names = [name for line in found if (name := _drawing(line.split()))]
    fresh = target.with_suffix(f".{os.getpid()}.tmp")
    with TemporaryDirectory(prefix="tierscope-gates-") as folder:
        source = Path(folder) / "gates.cpp"
        source.write_text(
            _SOURCE.format(
                names=", ".join(f'"{name}"' for name in names),
                gates="\n".join(f"  gate {name}, {i}" for i, name in enumerate(names)),
            )
        )
        command = [*compiler(), "-std=c++20", "-O2", "-fPIC", "-shared", str(source)]
        subprocess.run([*command, "-o", str(fresh)], check=True, stderr=subprocess.PIPE)
    os.replace(fresh, target)
    return target


def _drawing(symbol: list[str]) -> str:
    """The name of a line of `nm` if it is that of a function that needs a gate, else ""."""
    if len(symbol) != 3 or symbol[1] != "T" or not _DRAWS.match(symbol[2]):
        return ""
    return "" if _PLAIN.search(symbol[2]) else symbol[2]


def build_gates() -> None:
    """Build them for the installed imgui-bundle, if there is one. Raises as `gates`."""
    found = find_spec("imgui_bundle")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        for library in Path(folder).glob("_imgui_bundle*.so"):
            gates(library)
