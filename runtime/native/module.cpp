// The extension module `runtime.native._support`: each part adds its functions and types to it.
#include "support.hpp"

namespace ts {
bool init_functions(PyObject* module);
bool init_interop(PyObject* module);
} // namespace ts

namespace {

PyModuleDef definition = {
  PyModuleDef_HEAD_INIT, "runtime.native._support", "The native part of the runtime.", -1,
  nullptr, nullptr, nullptr, nullptr, nullptr,
};

} // namespace

PyMODINIT_FUNC PyInit__support() {
  PyObject* module = PyModule_Create(&definition);
  if(!module) return nullptr;
  if(!ts::init_functions(module) || !ts::init_interop(module)) {
    Py_DECREF(module);
    return nullptr;
  }
  return module;
}
