// What boxes hold and whether they own it. A box of `cpp/new` owns its object: it is destroyed with the last
// box that shares it, on the window's thread. `cpp/delete` empties every box of the object.
#pragma once
#include "interop.hpp"

namespace ts {

// One object that boxes own together.
struct owned {
  void* object;
  void (*destroy)(void*); // may throw
  std::size_t boxes;
};

// What stands in a box's storage. The pointer comes first: it is all that a box that owns nothing needs.
struct box_content {
  void* pointer;
  owned* shared; // null where the box does not own its object
  bool empty;    // the object was deleted
};

inline box_content& content(cpp_value* v) noexcept { return *static_cast<box_content*>(v->ptr); }

// Boxes know each other, so that what they hold can follow a type that is declared again. With the GIL held.
void box_made(cpp_value* v);
void box_gone(cpp_value* v) noexcept; // what it owned goes with the last one

// Runs what may throw in a destructor; what it throws becomes an error of its own, nobody's else.
void destroy_quietly(void (*destroy)(void*), void* object, type_info const* type, PyObject* place) noexcept;

// The C++ object of a native local is destroyed, whoever still holds its Python object. False with Python's error set
// where its destructor threw; while an error is on its way already, that of a destructor is told by itself.
bool destroy_local(PyObject* local) noexcept;

// Python's error, which a destructor threw, becomes a report.
void tell_destructor_error(char const* type, PyObject* place) noexcept;

} // namespace ts
