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
