// Driving Cling: declaring code with Clang's words caught. Runs without the GIL.
#include "cling_modules.hpp"
#include "module.hpp"
#include "support.hpp"
#include "unwinding.hpp"
#include <sys/mman.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

namespace ts {

namespace {

int (*interpret)(char const* code) = nullptr; // both compiled by Cling: runtime/cling/bootstrap.py
void (*undo)() = nullptr;

constexpr char const* thrown_by = "<static initialiser>:0:0: error: ";

// Whether it was accepted; what a static initialiser of it threw, as a line of Clang's.
bool accepted(char const* code, std::string& thrown) noexcept {
  try {
    return interpret(code);
  } catch(std::exception const& e) {
    thrown = std::string(thrown_by) + e.what() + "\n";
  } catch(...) {
    thrown = std::string(thrown_by) + "an exception of unknown type\n";
  }
  return false;
}

} // namespace

// Declares code in a copy of the process that is thrown away after.
extern "C" TS_API int ts_declare_once(char const* code) {
  std::string thrown;
  bool const ok = accepted(code, thrown);
  if(!thrown.empty()) fprintf(stderr, "\n%s", thrown.c_str());
  fflush(stderr);
  return ok;
}

// Declares code; what is written to standard error meanwhile is returned, to be freed by `free`.
extern "C" TS_API int ts_declare(char const* code, char** words) {
  forget_modules();
  fflush(stderr);
  int const kept = dup(2), file = memfd_create("diagnostics", 0);
  dup2(file, 2);
  std::string thrown;
  bool const ok = accepted(code, thrown);
  forget_unwinding();
  fflush(stderr);
  std::string text;
  char buffer[4096];
  lseek(file, 0, SEEK_SET);
  for(ssize_t n; (n = read(file, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  // Code that lacks a symbol takes with it every template and inline function it was compiled with: take it back, so
  // that the next to need them compiles them anew. Its static initialiser would be tried once more, in the place of
  // the next transaction's.
  if(text.find("Failed to materialize") != std::string::npos) {
    undo();
    static int failures = 0;
    std::string const again = "static int const ts_failure" + std::to_string(++failures) + " = getpid();";
    interpret(again.c_str());
  }
  fflush(stderr);
  dup2(kept, 2);
  close(kept);
  close(file);
  text += thrown;
  *words = strdup(text.c_str());
  return ok && thrown.empty();
}

namespace {

// drive_cling(interpret, undo): addresses -> those of `ts_declare`, `ts_declare_once`, `free`.
PyObject* drive_cling(PyObject*, PyObject* args) {
  unsigned long long declare, take_back;
  if(!PyArg_ParseTuple(args, "KK", &declare, &take_back)) return nullptr;
  interpret = reinterpret_cast<int (*)(char const*)>(declare);
  undo = reinterpret_cast<void (*)()>(take_back);
  hold_modules();
  auto const address = [](auto* f) { return static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(f)); };
  return Py_BuildValue("(KKK)", address(ts_declare), address(ts_declare_once), address(free));
}

PyObject* modules_freed(PyObject*, PyObject*) { return PyLong_FromUnsignedLongLong(forgotten_modules()); }

PyMethodDef functions[] = {
  { "modules_freed", modules_freed, METH_NOARGS, "() -> how many modules of intermediate code were freed" },
  { "drive_cling", drive_cling, METH_VARARGS,
    "(address of what declares code, of what takes the last back) -> addresses of declare, declare once, free" },
  {}
};

} // namespace

bool init_cling(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace ts
