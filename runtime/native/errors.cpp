// The errors that operations on Lisp values raise, in Clojure's words where it has them.
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
  if(found == Py_None) {
    PyErr_Format(PyExc_TypeError, "%s expected %s, found nil", who, expected);
  } else if(PyBool_Check(found)) {
    PyErr_Format(PyExc_TypeError, "%s expected %s, found %s", who, expected,
                 found == Py_True ? "true" : "false");
  } else if(PyObject* const text = PyObject_Repr(found)) {
    bool const whole = PyUnicode_GET_LENGTH(text) <= 60;
    PyObject* const shown = whole ? Py_NewRef(text) : PyUnicode_Substring(text, 0, 59);
    if(shown) {
      PyErr_Format(PyExc_TypeError, "%s expected %s, found %U%s (%s)", who, expected, shown,
                   whole ? "" : "…", type_text(found));
      Py_DECREF(shown);
    }
    Py_DECREF(text);
  }
  throw py_error{};
}

} // namespace ts
