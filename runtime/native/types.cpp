// Finds the known types at import and keeps the Python slow paths.
#include "types.hpp"
#include "callable.hpp"
#include "module.hpp"
#include <array>
#include <cstring>
#include <structmember.h>

namespace ts {

known_types known{};

namespace {

constexpr std::array<char const*, static_cast<int>(slow::count_)> slow_names = {
  "arithmetic", "ordering", "equal", "hash", "compare", "get", "nth", "count", "first", "contains", "assoc",
  "conj", "show",
};
std::array<PyObject*, static_cast<int>(slow::count_)> slow_functions{};

PyTypeObject* import_type(char const* module, char const* name) {
  ref const m = ref::own(PyImport_ImportModule(module));
  ref found = ref::own(PyObject_GetAttrString(m.get(), name));
  if(!PyType_Check(found.get())) {
    PyErr_Format(PyExc_TypeError, "%s.%s is not a type", module, name);
    throw py_error{};
  }
  return reinterpret_cast<PyTypeObject*>(found.release()); // kept for the process's life
}

PyObject* set_slow(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if(count != 2) return wrong_arity("set_slow", count);
  char const* const name = PyUnicode_AsUTF8(args[0]);
  if(!name) return nullptr;
  for(std::size_t i = 0; i < slow_names.size(); ++i) {
    if(std::strcmp(name, slow_names[i]) == 0) {
      Py_INCREF(args[1]);
      Py_XSETREF(slow_functions[i], args[1]);
      Py_RETURN_NONE;
    }
  }
  return PyErr_Format(PyExc_KeyError, "no slow path is named %R", args[0]);
}

PyMethodDef methods[] = {
  { "set_slow", fast(set_slow), METH_FASTCALL, "Set the Python function that handles what C++ does not." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

PyObject* slow_path(slow which) {
  int const i = static_cast<int>(which);
  if(!slow_functions[i]) {
    PyErr_Format(PyExc_RuntimeError, "the slow path '%s' is not set: import runtime.core", slow_names[i]);
    throw py_error{};
  }
  return slow_functions[i];
}

slot slot_of(PyTypeObject* type, char const* name) {
  ref const found = ref::own(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name));
  if(!PyObject_TypeCheck(found.get(), &PyMemberDescr_Type)) {
    PyErr_Format(PyExc_TypeError, "%s.%s is not a slot", type->tp_name, name);
    throw py_error{};
  }
  return { reinterpret_cast<PyMemberDescrObject*>(found.get())->d_member->offset };
}

bool init_types(PyObject* module) {
  try {
    char const* const values = "runtime.core.values";
    known.big_int = import_type(values, "BigInt");
    known.keyword = import_type(values, "Keyword");
    known.symbol = import_type(values, "Symbol");
    known.character = import_type(values, "Char");
    known.list = import_type(values, "List");
    known.fraction = import_type("fractions", "Fraction");
    known.decimal = import_type("decimal", "Decimal");
    known.map = import_type("immutables", "Map");
    ref const pyrsistent = ref::own(PyImport_ImportModule("pyrsistent"));
    ref const empty = ref::own(PyObject_CallMethod(pyrsistent.get(), "pvector", nullptr));
    Py_INCREF(Py_TYPE(empty.get()));
    known.vector = Py_TYPE(empty.get());
  } catch(py_error const&) {
    return false;
  }
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
