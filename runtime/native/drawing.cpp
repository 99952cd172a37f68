// Dear ImGui's functions belong to the thread that draws. C++ that a script calls elsewhere finds gates in their place
// (runtime/native/gates.py), and an error behind them.
#include "gil.hpp"
#include "interop.hpp"
#include "module.hpp"
#include <cstdlib>
#include <cxxabi.h>
#include <dlfcn.h>
#include <memory>

namespace ts {

namespace {

// C++ threads of the user's own know themselves what they may do, and static initialisers run on the compiler's.
bool drawing_is_refused() noexcept { return calls_beside > 0; }

void refuse_drawing(char const* function) {
  {
    holding const gil;
    int status = 0;
    std::unique_ptr<char, decltype(&std::free)> const text(abi::__cxa_demangle(function, nullptr, nullptr, &status),
                                                           std::free);
    set_wrong_thread(ref::own(PyUnicode_FromString(text ? text.get() : function)).get());
  }
  throw py_error{}; // through the user's C++, as errors of Lisp functions that it calls go
}

// open_gates(gates, library): two paths of libraries that are open.
PyObject* open_gates(PyObject*, PyObject* args) {
  char const *gates, *library;
  if(!PyArg_ParseTuple(args, "ss", &gates, &library)) return nullptr;
  void* const doors = dlopen(gates, RTLD_NOW | RTLD_GLOBAL);
  void* const functions = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
  using opener = int (*)(void*, void* const*, bool (*)() noexcept, void (*)(char const*));
  auto const open = doors ? reinterpret_cast<opener>(dlsym(doors, "ts_open_gates")) : nullptr;
  if(!open || !functions || !open(functions, &ui_thread, drawing_is_refused, refuse_drawing))
    return PyErr_Format(PyExc_OSError, "%s does not fit %s", gates, library);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
  { "open_gates", open_gates, METH_VARARGS, "(gates, library): what is drawn with is for the thread that draws" },
  {}
};

} // namespace

__thread int calls_beside = 0;

bool init_drawing(PyObject* module) { return PyModule_AddFunctions(module, methods) == 0; }

} // namespace ts
