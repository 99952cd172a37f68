// The errors that operations on Lisp values raise, in Clojure's words where it has them.
#include "callable.hpp"
#include "module.hpp"
#include "types.hpp"

namespace ts {

void throw_overflow() {
  PyErr_SetString(PyExc_OverflowError, "integer overflow");
  throw py_error{};
}

void throw_divide_by_zero() {
  PyErr_SetString(PyExc_ZeroDivisionError, "Divide by zero");
  throw py_error{};
}

namespace {

char const* type_text(PyObject* o) {
  if(PyUnicode_Check(o)) return "a string";
  if(PyBool_Check(o)) return "a boolean";
  if(PyFloat_Check(o)) return "a double";
  if(Py_TYPE(o) == known.big_int) return "a big integer";
  if(PyLong_Check(o)) return "an integer";
  if(Py_TYPE(o) == known.fraction) return "a ratio";
  if(Py_TYPE(o) == known.decimal) return "a big decimal";
  if(Py_TYPE(o) == known.keyword) return "a keyword";
  if(Py_TYPE(o) == known.symbol) return "a symbol";
  if(Py_TYPE(o) == known.character) return "a character";
  if(Py_TYPE(o) == known.vector) return "a vector";
  if(Py_TYPE(o) == known.map) return "a map";
  if(Py_TYPE(o) == known.list) return "a list";
  return Py_TYPE(o)->tp_name;
}

} // namespace

void throw_wrong(char const* who, char const* expected, PyObject* found) {
  ref const text = call_slow(slow::show, found);
  if(found == Py_None || PyBool_Check(found)) {
    PyErr_Format(PyExc_TypeError, "%s expected %s, found %S", who, expected, text.get());
  } else {
    PyErr_Format(PyExc_TypeError, "%s expected %s, found %S (%s)", who, expected, text.get(), type_text(found));
  }
  throw py_error{};
}

namespace {

PyObject* wrong(PyObject*, PyObject* args) {
  char const *who, *expected;
  PyObject* found;
  if(!PyArg_ParseTuple(args, "ssO", &who, &expected, &found)) return nullptr;
  return guarded([&]() -> ref { throw_wrong(who, expected, found); });
}

PyMethodDef methods[] = {
  { "wrong", wrong, METH_VARARGS, "Raise the TypeError '<who> expected <expected>, found <found>'." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool init_errors(PyObject* module) { return PyModule_AddFunctions(module, methods) == 0; }

} // namespace ts
