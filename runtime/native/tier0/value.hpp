// What tier 0's nodes hand to each other: a number as it is, or any Lisp value as its object, with a reference that
// is its holder's. Small enough for two registers.
#pragma once
#include "../num.hpp"

namespace ts::tier0 {

struct value {
  // An object may be a number too: it is unboxed where that helps. `failed`: Python's error is set. `recur`: the
  // loop or function around goes round again.
  enum : std::int64_t { integer = numv::integer, real = numv::real, object = numv::object, failed, recur };
  std::int64_t kind;
  std::int64_t bits;

  static value of(std::int64_t i) noexcept { return { integer, i }; }
  static value of(double d) noexcept { return { real, __builtin_bit_cast(std::int64_t, d) }; }
  static value of(bool b) noexcept { return share(b ? Py_True : Py_False); }
  static value own(PyObject* o) noexcept { return { o ? object : failed, reinterpret_cast<std::int64_t>(o) }; }
  static value share(PyObject* o) noexcept { return { object, reinterpret_cast<std::int64_t>(kept(o)) }; }
  static value nil() noexcept { return share(Py_None); }
  static value failure() noexcept { return { failed, 0 }; }
  static value again() noexcept { return { recur, 0 }; }
  static value taken(num&& n) noexcept {
    numv const v = n.release();
    return { v.kind, v.bits };
  }

  double d() const noexcept { return __builtin_bit_cast(double, bits); }
  PyObject* o() const noexcept { return reinterpret_cast<PyObject*>(bits); }
  bool is_object() const noexcept { return kind == object; }
  bool stopped() const noexcept { return kind > object; }

  value copy() const noexcept {
    if(is_object()) keep(o());
    return *this;
  }
  void drop() const noexcept { if(is_object()) ts::drop(o()); }

  // The same with its number out of its box.
  [[gnu::always_inline]] value unboxed() const noexcept {
    return __builtin_expect(!is_object(), 1) ? *this : out_of_box();
  }
  value out_of_box() const noexcept {
    PyObject* const p = o();
    std::int64_t i;
    double x;
    if(as_int64(p, i)) {
      ts::drop(p);
      return of(i);
    }
    if(as_double(p, x)) {
      ts::drop(p);
      return of(x);
    }
    return *this;
  }

  // A new reference to it as an object; null with Python's error set. Its own reference goes over.
  PyObject* boxed() const noexcept {
    if(is_object()) return o();
    return kind == integer ? PyLong_FromLongLong(bits) : PyFloat_FromDouble(d());
  }

  // As a condition; it is let go.
  bool truth() const noexcept {
    if(!is_object()) return true;
    PyObject* const p = o();
    bool const holds = truthy(p);
    ts::drop(p);
    return holds;
  }
};

} // namespace ts::tier0
