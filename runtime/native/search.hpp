// Finding keys in maps that are read in place. Internal.
#pragma once
#include "layouts.hpp"

namespace ts {

// A keyword's hash is its serial number.
extern slot keyword_serial;
inline Py_hash_t keyword_hash(PyObject* o) noexcept {
  std::int64_t serial = 0;
  as_int64(keyword_serial.of(o), serial);
  return serial;
}

// `get_borrowed` of anything but a readable map.
PyObject* get_from_others(PyObject* coll, PyObject* key, PyObject* fallback, ref& made);

} // namespace ts
