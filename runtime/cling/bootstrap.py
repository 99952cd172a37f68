"""The C++ by which `runtime.cling.session` drives Cling: the first that Cling is given."""

from __future__ import annotations

# Both are driven from runtime/native/cling.cpp. As little as can be: it is compiled at each start.
BOOTSTRAP = r"""
extern "C" int ts_interpret(char const* code) { return gInterpreter->Declare(code); }
extern "C" void ts_undo() { gInterpreter->ProcessLine(".undo 1"); }
namespace ts { int submit(unsigned long id, void const* data, std::size_t count); }
static void const* const ts_driven_by[] = { (void*)ts_interpret, (void*)ts_undo };
static int const ts_told = ts::submit(0, ts_driven_by, 2);
"""

# What compiled code calls instead of C's functions of these names: it would end the process.
NO_WAY_OUT = r"""
#include <cstdlib>
#include <unistd.h>
extern "C" {
void exit(int status) noexcept { ts::ts_refuse_exit("exit", status); }
void _exit(int status) { ts::ts_refuse_exit("_exit", status); }
void _Exit(int status) noexcept { ts::ts_refuse_exit("_Exit", status); }
void quick_exit(int status) noexcept { ts::ts_refuse_exit("quick_exit", status); }
void __assert_fail(char const* expression, char const* file, unsigned line, char const* function) noexcept {
  ts::ts_assert_fail(expression, file, line, function);
}
}
// Cling took it from Python's build; but a script's assertion that fails is an error like others.
#undef NDEBUG
"""
