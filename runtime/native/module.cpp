// The extension module `runtime.native._support`: each part adds its functions and types to it.
#include "module.hpp"

namespace {

PyModuleDef definition = {
  PyModuleDef_HEAD_INIT, "runtime.native._support", "The native part of the runtime.", -1,
  nullptr, nullptr, nullptr, nullptr, nullptr,
};

} // namespace

PyMODINIT_FUNC PyInit__support() {
  PyObject* module = PyModule_Create(&definition);
  if(!module) return nullptr;
  for(auto const part : {
        ts::init_types, ts::init_layouts, ts::init_errors, ts::init_numbers, ts::init_equality, ts::init_collections,
        ts::init_sequences, ts::init_iteration, ts::init_iterators, ts::init_updates, ts::init_interrupt,
        ts::init_math, ts::init_functions, ts::init_calls, ts::init_tier0, ts::init_interop, ts::init_drawing, ts::init_gil, ts::init_turns, ts::init_worlds,
        ts::init_ownership, ts::init_guards, ts::init_cling, ts::init_unwinding }) {
    if(!part(module)) {
      Py_DECREF(module);
      return nullptr;
    }
  }
  return module;
}
