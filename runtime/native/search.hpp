// Finding keys in maps that are read in place. Internal.
#pragma once
#include "layouts.hpp"

namespace ts {

// Keywords are hashed by where they are, as all objects without a hash of their own.
inline Py_hash_t address_hash(PyObject* o) noexcept {
  std::uint64_t const a = reinterpret_cast<std::uint64_t>(o);
  return static_cast<Py_hash_t>(a >> 4 | a << 60);
}

// `get_borrowed` of anything but a readable map.
PyObject* get_from_others(PyObject* coll, PyObject* key, PyObject* fallback, ref& made);

} // namespace ts
