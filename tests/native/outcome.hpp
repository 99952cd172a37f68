// What the checks of operations share: results and errors as text, so that they can be compared.
#pragma once
#include "support.hpp"
#include <string>

namespace {

using ts::ref;

std::string report;

// The result of an operation, or the error it raised, as text.
template<class F> std::string outcome(F const& f) {
  try {
    ref const value = f();
    ref const text = ref::own(PyObject_Repr(value.get()));
    return PyUnicode_AsUTF8(text.get());
  } catch(ts::py_error const&) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    ref const text = ref::own(PyObject_Repr(value));
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    return PyUnicode_AsUTF8(text.get());
  }
}

ref boxed(ref r) { return r; }
ref boxed(std::int64_t n) { return ts::box(n); }
ref boxed(double d) { return ts::box(d); }
ref boxed(bool b) { return ts::box(b); }

} // namespace
