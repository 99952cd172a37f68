// Look-ups in Lisp collections. Vectors, maps and lists are read here; everything else, and every error, is
// Python's: runtime/core/lookup.py and its neighbours.
#pragma once
#include "support.hpp"

namespace ts {

TS_API ref get(PyObject* coll, PyObject* key, PyObject* fallback = Py_None);
// The same with no reference of its own: valid while `coll`, `fallback` and `made` live. `made` is set where the
// value is not in `coll` but had to be made.
TS_API PyObject* get_borrowed(PyObject* coll, PyObject* key, PyObject* fallback, ref& made);
TS_API PyObject* nth_borrowed(PyObject* coll, std::int64_t index, ref& made);
TS_API ref nth(PyObject* coll, std::int64_t index); // IndexError out of bounds
TS_API ref nth(PyObject* coll, std::int64_t index, PyObject* fallback);
TS_API ref nth(PyObject* coll, PyObject* index);
TS_API ref nth(PyObject* coll, PyObject* index, PyObject* fallback);
TS_API std::int64_t count(PyObject* coll);
TS_API ref first(PyObject* coll);
TS_API bool contains(PyObject* coll, PyObject* key);
TS_API ref assoc(PyObject* coll, PyObject* key, PyObject* value);
TS_API ref conj(PyObject* coll, PyObject* item);

} // namespace ts
