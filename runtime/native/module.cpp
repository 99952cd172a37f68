// The extension module `runtime.native._support`: each part adds its functions and types to it.
#include "support.hpp"

namespace {

PyModuleDef definition = {
  PyModuleDef_HEAD_INIT, "runtime.native._support", "The native part of the runtime.", -1,
  nullptr, nullptr, nullptr, nullptr, nullptr,
};

} // namespace

PyMODINIT_FUNC PyInit__support() {
  PyObject* module = PyModule_Create(&definition);
  if(!module) return nullptr;
  return module;
}
