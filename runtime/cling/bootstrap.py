"""The C++ by which `runtime.cling.session` drives Cling: the first that Cling is given."""

from __future__ import annotations

BOOTSTRAP = r"""
#include <sys/mman.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <string>
// Declares code in a copy of the process that is thrown away after.
extern "C" int ts_declare_once(char const* code) {
  int ok = 0;
  try { ok = gInterpreter->Declare(code); }
  catch(std::exception const& e) {
    ok = 0;
    fprintf(stderr, "\n<static initialiser>:0:0: error: %s\n", e.what());
  }
  catch(...) {
    ok = 0;
    fprintf(stderr, "\n<static initialiser>:0:0: error: an exception of unknown type\n");
  }
  fflush(stderr);
  return ok;
}
// Declares code; what is written to standard error meanwhile is returned, to be freed by `ts_free`.
extern "C" int ts_declare(char const* code, char** words) {
  fflush(stderr);
  int const kept = dup(2), file = memfd_create("diagnostics", 0);
  dup2(file, 2);
  int ok = 0;
  std::string thrown;
  try { ok = gInterpreter->Declare(code); }
  catch(std::exception const& e) {
    thrown = std::string("<static initialiser>:0:0: error: ") + e.what() + "\n";
  }
  catch(...) { thrown = "<static initialiser>:0:0: error: an exception of unknown type\n"; }
  fflush(stderr);
  std::string text;
  char buffer[4096];
  lseek(file, 0, SEEK_SET);
  for(ssize_t n; (n = read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, n);
  // Code that lacks a symbol takes with it every template and inline function it was compiled with: take
  // it back, so that the next to need them compiles them anew.
  // Its static initialiser would be tried once more, in the place of the next transaction's.
  if(text.find("Failed to materialize") != std::string::npos) {
    gInterpreter->ProcessLine(".undo 1");
    static int failures = 0;
    auto const again = "static int const ts_failure" + std::to_string(++failures) + " = getpid();";
    gInterpreter->Declare(again.c_str());
  }
  fflush(stderr);
  dup2(kept, 2);
  close(kept);
  close(file);
  text += thrown;
  *words = strdup(text.c_str());
  return ok && thrown.empty();
}
extern "C" void ts_free(char* words) { free(words); }
"""

# Hands over the addresses of these functions.
TOLD = r"""
namespace ts { int submit(unsigned long id, void const* data, std::size_t count); }
static void const* const ts_driven_by[] = { (void*)ts_declare, (void*)ts_free, (void*)ts_declare_once };
static int const ts_told = ts::submit(0, ts_driven_by, 3);
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
