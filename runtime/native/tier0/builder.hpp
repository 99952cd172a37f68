// Makes nodes of lowered records. Throws py_error.
#pragma once
#include "node.hpp"
#include <string_view>
#include <type_traits>

namespace ts::tier0 {

class builder {
public:
  explicit builder(body& code) noexcept : code_(code) {}

  node const* build(PyObject* record);
  nodes build_all(PyObject* tuple);

  // A node whose fields are still to be set, or an array, in the body's memory.
  template<class T> T* make() {
    static_assert(std::is_trivially_destructible_v<T>);
    return new(room(sizeof(T), alignof(T))) T;
  }
  template<class T> T* array(Py_ssize_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(room(sizeof(T) * static_cast<std::size_t>(count), alignof(T)));
  }

  PyObject* hold(PyObject* o); // for as long as the body lives

private:
  void* room(std::size_t size, std::size_t align);

  body& code_;
  std::byte* free_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t chunk_ = 512;
  std::size_t depth_ = 0, deepest_ = 0;

  friend void fill(body& code, PyObject* record);
};

// The fields of a record.
inline PyObject* field(PyObject* record, Py_ssize_t i) noexcept { return PyTuple_GET_ITEM(record, i); }
inline Py_ssize_t length(PyObject* tuple) noexcept { return PyTuple_GET_SIZE(tuple); }
int number(PyObject* o);                                                // of a small int
inline bool flag(PyObject* o) noexcept { return o == Py_True; }
inline bool none(PyObject* o) noexcept { return o == Py_None; }

using rule = node const* (*)(builder& b, PyObject* record);
struct named_rule {
  std::string_view name;
  rule make;
};
// Which records each file builds.
extern named_rule const plain_rules[], control_rules[], call_rules[], operation_rules[], exception_rules[];

} // namespace ts::tier0
