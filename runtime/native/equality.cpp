// `=`, `hash`, `compare` and `identical?`. Sequences are walked with a cursor, so long ones cost no C stack.
#include "callable.hpp"
#include "iteration.hpp"
#include "layouts.hpp"
#include "module.hpp"
#include <cstring>
#include <vector>

namespace ts {

using i64 = std::int64_t;

namespace {

std::vector<PyTypeObject*> sequence_types; // bases of sequences, from `register_sequence`
slot list_items, list_start, list_hash;
slot symbol_ns, symbol_name, keyword_ns, keyword_name, char_text;

bool checked(int answer) {
  if(answer < 0) raise();
  return answer != 0;
}

bool is_sequence(PyObject* o) noexcept {
  PyTypeObject* const type = Py_TYPE(o);
  if(type == known.vector || type == known.list || type == &PyTuple_Type || type == &PyList_Type) return true;
  for(auto* const base : sequence_types) {
    if(PyType_IsSubtype(type, base)) return true;
  }
  return false;
}

Py_ssize_t start_of(PyObject* list) noexcept { return PyLong_AsSsize_t(list_start.of(list)); }

// The number of items where it is known without walking, else -1.
Py_ssize_t counted(PyObject* o) noexcept {
  PyTypeObject* const type = Py_TYPE(o);
  if(type == known.list) return PyTuple_GET_SIZE(list_items.of(o)) - start_of(o);
  if(type == known.vector || type == &PyTuple_Type || type == &PyList_Type) return PySequence_Size(o);
  return -1;
}

// Deep nesting becomes Python's RecursionError before it exhausts the C stack.
struct deeper {
  deeper() {
    if(Py_EnterRecursiveCall(" in a comparison")) throw py_error{};
  }
  ~deeper() { Py_LeaveRecursiveCall(); }
};

bool equal_sequences(PyObject* a, PyObject* b) {
  Py_ssize_t const n = counted(a), m = counted(b);
  if(n >= 0 && m >= 0 && n != m) return false;
  deeper const guard;
  cursor x(a), y(b);
  for(PyObject *i, *j; x.next(i);) {
    if(!y.next(j) || !equal(i, j)) return false;
  }
  PyObject* more;
  return !y.next(more);
}

// Keys are looked up as Python compares them; values are compared as Lisp does.
bool equal_maps(PyObject* a, PyObject* b) {
  if(count(a) != count(b)) return false;
  deeper const guard;
  if(!readable_map(a)) {
    ref const answer = call_slow(slow::equal, a, b);
    return truthy(answer.get());
  }
  map_walk entries(a);
  for(PyObject *key, *value; entries.next(key, value);) {
    PyObject* const other = find_in_map(b, key);
    if(!other || !equal(value, other)) return false;
  }
  return true;
}

bool is_whole(PyObject* o) noexcept { return PyLong_CheckExact(o) || Py_TYPE(o) == known.big_int; }

bool is_int_like(PyObject* o) noexcept { return PyLong_Check(o) && !PyBool_Check(o); }

// Types that equal nothing but their own kind, so that no Python need be asked.
bool is_plain(PyObject* o) noexcept {
  PyTypeObject* const type = Py_TYPE(o);
  return o == Py_None || type == &PyBool_Type || type == &PyLong_Type || type == &PyFloat_Type
    || type == &PyUnicode_Type || type == known.keyword || type == known.symbol || type == known.character
    || type == known.big_int || type == known.fraction || type == known.decimal;
}

bool equal_slow(PyObject* a, PyObject* b) {
  deeper const guard;
  ref const answer = call_slow(slow::equal, a, b);
  return truthy(answer.get());
}

// The order of Java's `String.compareTo`: by the first character that differs, else by length.
i64 compare_strings(PyObject* a, PyObject* b) {
  Py_ssize_t const n = PyUnicode_GET_LENGTH(a), m = PyUnicode_GET_LENGTH(b);
  for(Py_ssize_t i = 0; i < n && i < m; ++i) {
    i64 const x = PyUnicode_READ_CHAR(a, i), y = PyUnicode_READ_CHAR(b, i);
    if(x != y) return x - y;
  }
  return n - m;
}

i64 compare_names(PyObject* ns_a, PyObject* name_a, PyObject* ns_b, PyObject* name_b) {
  if(ns_a == Py_None && ns_b != Py_None) return -1;
  if(ns_a != Py_None) {
    if(ns_b == Py_None) return 1;
    if(i64 const order = compare_strings(ns_a, ns_b)) return order;
  }
  return compare_strings(name_a, name_b);
}

i64 compare_vectors(PyObject* a, PyObject* b) {
  Py_ssize_t const n = PySequence_Size(a), m = PySequence_Size(b);
  if(n != m) return n < m ? -1 : 1;
  deeper const guard;
  cursor x(a), y(b);
  for(PyObject *i, *j; x.next(i) && y.next(j);) {
    if(i64 const order = compare(i, j)) return order;
  }
  return 0;
}

// -- what Python calls ----------------------------------------------------------------------------------

// pyrsistent's vector hash, which follows the older hash of tuples: equal sequences must hash alike.
PyObject* sequence_hash(PyObject* self, PyObject*) {
  bool const is_list = Py_TYPE(self) == known.list;
  if(is_list && list_hash.of(self) != Py_None) return Py_NewRef(list_hash.of(self));
  return guarded([&] {
    deeper const guard;
    unsigned long x = 0x456789, multiplier = 1000003, i = 0;
    cursor items(self);
    for(PyObject* item; items.next(item); ++i) {
      Py_hash_t const y = PyObject_Hash(item);
      if(y == -1) raise();
      x = (x ^ static_cast<unsigned long>(y)) * multiplier;
      multiplier += 82520 + i + i;
    }
    x += 97531;
    ref result = box(static_cast<i64>(static_cast<long>(x) == -1 ? -2 : static_cast<long>(x)));
    if(is_list && PyObject_SetAttrString(self, "_hash", result.get()) < 0) throw py_error{};
    return result;
  });
}

PyObject* sequence_eq(PyObject* self, PyObject* other) {
  return guarded([&] { return box(equal(self, other)); });
}

PyMethodDef sequence_methods[] = {
  { "__eq__", sequence_eq, METH_O, nullptr },
  { "__hash__", sequence_hash, METH_NOARGS, nullptr },
};

// Makes a class a sequence to `=`, and gives it the equality and hash of all sequences.
PyObject* register_sequence(PyObject*, PyObject* type) {
  if(!PyType_Check(type)) return PyErr_Format(PyExc_TypeError, "register_sequence expects a class");
  for(auto& method : sequence_methods) {
    PyObject* const made = PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), &method);
    if(!made) return nullptr;
    int const failed = PyObject_SetAttrString(type, method.ml_name, made);
    Py_DECREF(made);
    if(failed) return nullptr;
  }
  Py_INCREF(type);
  sequence_types.push_back(reinterpret_cast<PyTypeObject*>(type));
  Py_RETURN_NONE;
}

ref hash_boxed(PyObject* o) { return box(hash(o)); }
ref compare_boxed(PyObject* a, PyObject* b) { return box(compare(a, b)); }
ref identical_boxed(PyObject* a, PyObject* b) { return box(identical(a, b)); }

PyMethodDef methods[] = {
  { "equal", fast(chained<"=", equal>), METH_FASTCALL,
    "True when the values are equal: numbers within one category, collections by content." },
  { "not_equal", fast(chained<"not=", equal, false>), METH_FASTCALL, "The opposite of =." },
  { "identical", fast(binary<"identical?", identical_boxed>), METH_FASTCALL, "True of one and the same object." },
  { "hash", fast(unary<"hash", hash_boxed>), METH_FASTCALL, "A number that equal values share." },
  { "compare", fast(binary<"compare", compare_boxed>), METH_FASTCALL,
    "Below, at or above zero as x sorts before, with or after y. nil sorts first." },
  { "register_sequence", register_sequence, METH_O, "Give a class the equality and hash of sequences." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool equal(PyObject* a, PyObject* b) {
  if(a == b) return !PyFloat_CheckExact(a) || PyFloat_AS_DOUBLE(a) == PyFloat_AS_DOUBLE(a);
  PyTypeObject* const x = Py_TYPE(a);
  PyTypeObject* const y = Py_TYPE(b);
  if(is_whole(a) && is_whole(b)) {
    i64 i, j;
    if(as_int64(a, i) && as_int64(b, j)) return i == j;
    return checked(PyObject_RichCompareBool(a, b, Py_EQ));
  }
  if(x == y) {
    if(x == known.keyword || x == known.character) return false; // interned
    if(x == &PyUnicode_Type || x == known.symbol || x == known.fraction || x == known.decimal) {
      return checked(PyObject_RichCompareBool(a, b, Py_EQ));
    }
    if(x == &PyFloat_Type) return PyFloat_AS_DOUBLE(a) == PyFloat_AS_DOUBLE(b);
    if(x == known.map) return equal_maps(a, b);
  }
  if(is_plain(a) || is_plain(b)) {
    // A number of a subclass (of Python's or numpy's making) may still be of the other's category.
    if((is_int_like(a) && is_int_like(b)) || (PyFloat_Check(a) && PyFloat_Check(b))) {
      return checked(PyObject_RichCompareBool(a, b, Py_EQ));
    }
    return false;
  }
  if(is_sequence(a)) return is_sequence(b) && equal_sequences(a, b);
  if(is_sequence(b)) return false;
  return equal_slow(a, b);
}

bool equal(PyObject* a, i64 b) {
  i64 i;
  if(as_int64(a, i)) return i == b;
  return Py_TYPE(a) == known.big_int && num_eq(a, b);
}

bool equal(PyObject* a, double b) {
  double x;
  return as_double(a, x) && x == b;
}

bool identical_numbers(PyObject* a, PyObject* b) noexcept {
  if(a == b) return true;
  i64 i, j;
  if(as_int64(a, i)) return as_int64(b, j) && i == j;
  double x, y;
  return as_double(a, x) && as_double(b, y) && std::memcmp(&x, &y, sizeof x) == 0;
}

i64 hash(PyObject* o) {
  if(o == Py_None) return 0;
  Py_hash_t const h = PyObject_Hash(o);
  if(h == -1 && PyErr_Occurred()) raise();
  return h;
}

i64 compare(PyObject* a, PyObject* b) {
  if(a == b) return 0;
  if(a == Py_None) return -1;
  if(b == Py_None) return 1;
  if(number_p(a) && number_p(b)) return lt(a, b) ? -1 : lt(b, a) ? 1 : 0;
  PyTypeObject* const type = Py_TYPE(a);
  if(type == Py_TYPE(b)) {
    if(type == &PyUnicode_Type) return compare_strings(a, b);
    if(type == &PyBool_Type) return a == Py_True ? 1 : -1;
    if(type == known.keyword) {
      return compare_names(keyword_ns.of(a), keyword_name.of(a), keyword_ns.of(b), keyword_name.of(b));
    }
    if(type == known.symbol) {
      return compare_names(symbol_ns.of(a), symbol_name.of(a), symbol_ns.of(b), symbol_name.of(b));
    }
    if(type == known.character) return compare_strings(char_text.of(a), char_text.of(b));
    if(type == known.vector) return compare_vectors(a, b);
  }
  ref const order = call_slow(slow::compare, a, b);
  return to_int64(order.get(), "compare");
}

bool init_equality(PyObject* module) {
  try {
    list_items = slot_of(known.list, "items");
    list_start = slot_of(known.list, "start");
    list_hash = slot_of(known.list, "_hash");
    symbol_ns = slot_of(known.symbol, "ns");
    symbol_name = slot_of(known.symbol, "name");
    keyword_ns = slot_of(known.keyword, "ns");
    keyword_name = slot_of(known.keyword, "name");
    char_text = slot_of(known.character, "text");
  } catch(py_error const&) {
    return false;
  }
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
