// What tests/native/test_iteration.py calls: a cursor as compiled code uses it.
#include "support.hpp"

namespace {

template<class F> PyObject* listed(PyObject* coll, F const& add_all) {
  PyObject* const found = PyList_New(0);
  try {
    ts::cursor items(coll);
    add_all(items, found);
    return found;
  } catch(ts::py_error const&) {
    Py_DECREF(found);
    return nullptr;
  }
}

} // namespace

extern "C" TS_API PyObject* items(PyObject* coll) {
  return listed(coll, [](ts::cursor& from, PyObject* to) {
    for(PyObject* item; from.next(item);) PyList_Append(to, item);
    for(PyObject* item; from.next(item);) PyList_Append(to, Py_None); // an end stays one
  });
}

// The integers of a range; of anything else none.
extern "C" TS_API PyObject* integers(PyObject* coll) {
  return listed(coll, [](ts::cursor& from, PyObject* to) {
    if(!from.ints()) return;
    for(std::int64_t n; from.next_int(n);) PyList_Append(to, ts::box(n).get());
  });
}
