// The compiled side of gil.hpp.
#include "gil.hpp"
#include "module.hpp"
#include "turns.hpp"
#include <dlfcn.h>

namespace ts {

void* ui_thread = this_thread();

__thread int keeping = 0;

namespace {

__thread PyThreadState* given_up = nullptr; // this thread's state while it runs C++ without the GIL
__thread bool stays = false;                 // the GIL is kept for the rest of the call: see `hold_on`

// What `holding` found: that this thread had given the GIL up, or that Python did not know it.
char was_given_up, was_unknown;

PyObject* set_ui_thread(PyObject*, PyObject*) {
  ui_thread = this_thread();
  Py_RETURN_NONE;
}

PyObject* is_ui_thread(PyObject*, PyObject*) { return PyBool_FromLong(!beside()); }

// open_library(path, flags): as ctypes does, but without the GIL: what it loads may take long.
PyObject* open_library(PyObject*, PyObject* args) {
  char const* path;
  int flags;
  if(!PyArg_ParseTuple(args, "si", &path, &flags)) return nullptr;
  void* opened;
  char const* words = nullptr;
  Py_BEGIN_ALLOW_THREADS
  opened = dlopen(path, flags | RTLD_NOW);
  if(!opened) words = dlerror();
  Py_END_ALLOW_THREADS
  if(!opened) return PyErr_Format(PyExc_OSError, "%s", words ? words : path);
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "open_library", open_library, METH_VARARGS, "(path, flags): open a shared library, without the GIL, for good" },
  { "set_ui_thread", set_ui_thread, METH_NOARGS, "this thread draws: C++ that scripts call on it keeps the GIL" },
  { "is_ui_thread", is_ui_thread, METH_NOARGS, "whether this thread is the one that draws" },
  {}
};

} // namespace

void* holding::take() noexcept {
  if(given_up) {
    wait_for_turn();
    PyEval_RestoreThread(std::exchange(given_up, nullptr));
    return &was_given_up;
  }
  if(PyGILState_GetThisThreadState()) return nullptr;
  PyGILState_Ensure(); // a thread that C++ started calls back
  return &was_unknown;
}

void holding::give(void* state) noexcept {
  if(state == &was_unknown) PyGILState_Release(PyGILState_UNLOCKED);
  else if(!stays) given_up = PyEval_SaveThread();
}

outside::outside() noexcept : stayed_(stays) {
  stays = false;
  if(beside() && !keeping) given_up = PyEval_SaveThread();
}

outside::~outside() {
  hold_on();
  stays = stayed_;
}

void* const* given_up_here() noexcept { return reinterpret_cast<void* const*>(&given_up); }

void hold_on() noexcept {
  if(given_up) {
    wait_for_turn();
    PyEval_RestoreThread(std::exchange(given_up, nullptr));
  }
  stays = true;
}

bool init_gil(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace ts
