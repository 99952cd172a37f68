// Fast paths of look-up and update, by exact type. Maps and vectors are read in place where layouts.hpp knows how,
// and changed through the unbound methods of their types.
#include "callable.hpp"
#include "layouts.hpp"
#include "lazy_seqs.hpp"
#include "module.hpp"
#include "search.hpp"
#include "sequences.hpp"
#include "types.hpp"
#include <vector>

namespace ts {

using i64 = std::int64_t;

namespace {

slot list_items, list_start;
PyObject *map_set, *vector_set, *vector_append; // unbound methods
PyObject* name_get;
PyObject* metadata; // the table of metadata of maps and vectors: while it is empty, none has any

// Types that look up in a map which one of their slots holds: those whose `get` is the function `get`.
struct holder {
  PyObject* get;
  slot map;
};
std::vector<holder> holders;

// The map in which `coll` looks up, borrowed; null when it is no such type.
PyObject* held_map(PyObject* coll) noexcept {
  PyObject* const get = _PyType_Lookup(Py_TYPE(coll), name_get);
  for(auto const& h : holders) {
    if(h.get != get) continue;
    PyObject* const map = h.map.of(coll);
    return map && Py_TYPE(map) == known.map ? map : nullptr;
  }
  return nullptr;
}

template<class... A> ref call_method(PyObject* method, A... args) {
  PyObject* const argv[] = { args... };
  return ref::own(PyObject_Vectorcall(method, argv, sizeof...(A), nullptr));
}

bool is_vector(PyObject* o) noexcept { return Py_TYPE(o) == known.vector; }
bool is_map(PyObject* o) noexcept { return Py_TYPE(o) == known.map; }
bool is_list(PyObject* o) noexcept { return Py_TYPE(o) == known.list; }

i64 length(PyObject* o) noexcept { return PySequence_Size(o); }
i64 list_start_of(PyObject* list) noexcept { return PyLong_AsSsize_t(list_start.of(list)); }

// The item at `index` of a vector or list, borrowed; null where there is none. `made` holds what only the library
// can look up.
PyObject* item(PyObject* coll, i64 index, ref& made) {
  if(index < 0) return nullptr;
  if(readable_vector(coll)) return index < vector_count(coll) ? vector_item(coll, index) : nullptr;
  if(is_list(coll)) {
    PyObject* const items = list_items.of(coll);
    index += list_start_of(coll);
    return index < PyTuple_GET_SIZE(items) ? PyTuple_GET_ITEM(items, index) : nullptr;
  }
  if(!is_vector(coll) || index >= length(coll)) return nullptr;
  made = ref::own(PySequence_GetItem(coll, index));
  return made.get();
}

// The value of `key` in a map, borrowed; null when it is not there. `made` holds what only the library can look up.
PyObject* map_item(PyObject* map, PyObject* key, ref& made) {
  if(readable_map(map)) return find_in_map(map, key);
  int const found = known.map->tp_as_sequence->sq_contains(map, key);
  if(found < 0) raise();
  if(!found) return nullptr;
  made = ref::own(known.map->tp_as_mapping->mp_subscript(map, key));
  return made.get();
}

// -- what Python calls ----------------------------------------------------------------------------------

PyObject* get_callable(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2 && n != 3) return wrong_arity("get", n);
  return guarded([&] { return get(a[0], a[1], n == 3 ? a[2] : Py_None); });
}

PyObject* nth_callable(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2 && n != 3) return wrong_arity("nth", n);
  return guarded([&] { return n == 2 ? nth(a[0], a[1]) : nth(a[0], a[1], a[2]); });
}

PyObject* contains_callable(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2) return wrong_arity("contains?", n);
  return guarded([&] { return box(contains(a[0], a[1])); });
}

PyObject* assoc_callable(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n == 3) return guarded([&] { return assoc(a[0], a[1], a[2]); });
  if(n < 3) return wrong_arity("assoc", n);
  return guarded([&] { return ref::own(PyObject_Vectorcall(slow_path(slow::assoc), a, n, nullptr)); });
}

// Registers a type as one that looks up in the map of a slot.
PyObject* register_holder(PyObject*, PyObject* args) {
  PyTypeObject* type;
  char const* name;
  if(!PyArg_ParseTuple(args, "O!s", &PyType_Type, &type, &name)) return nullptr;
  return guarded([&] {
    slot const map = slot_of(type, name);
    holders.push_back({ Py_XNewRef(_PyType_Lookup(type, name_get)), map });
    return ref::share(Py_None);
  });
}

PyObject* conj_callable(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n == 2) return guarded([&] { return conj(a[0], a[1]); });
  return guarded([&] { return ref::own(PyObject_Vectorcall(slow_path(slow::conj), a, n, nullptr)); });
}

PyObject* set_metadata(PyObject*, PyObject* table) {
  if(!PyDict_Check(table)) return PyErr_Format(PyExc_TypeError, "set_metadata expects a dict");
  Py_INCREF(table);
  Py_XSETREF(metadata, table);
  Py_RETURN_NONE;
}

// `(:k m)` and `(:k m default)`.
PyObject* keyword_call(PyObject* self, PyObject* const* a, Py_ssize_t n) {
  if(n != 1 && n != 2) return PyErr_Format(PyExc_TypeError, "Wrong number of args (%zd) passed to: %S", n, self);
  return guarded([&] { return get(a[0], self, n == 2 ? a[1] : Py_None); });
}
PyObject* keyword_tp_call(PyObject* self, PyObject* args, PyObject* names) {
  if(names && PyDict_GET_SIZE(names)) return PyErr_Format(PyExc_TypeError, "%S takes no keyword arguments", self);
  return keyword_call(self, &PyTuple_GET_ITEM(args, 0), PyTuple_GET_SIZE(args));
}
PyMethodDef keyword_method = { "__call__", fast(keyword_call), METH_FASTCALL, nullptr };

// Gives keywords a `__call__` and a hash that run no Python.
PyObject* speed_up_keywords(PyObject*, PyObject*) {
  auto* const type = reinterpret_cast<PyObject*>(known.keyword);
  PyObject* const made = PyDescr_NewMethod(known.keyword, &keyword_method);
  if(!made) return nullptr;
  int const failed = PyObject_SetAttrString(type, keyword_method.ml_name, made);
  Py_DECREF(made);
  if(failed) return nullptr;
  known.keyword->tp_call = keyword_tp_call; // what Python put there would look the method up at each call
  known.keyword->tp_hash = keyword_hash;
  Py_RETURN_NONE;
}

ref count_boxed(PyObject* coll) { return box(count(coll)); }

PyMethodDef methods[] = {
  { "get", fast(get_callable), METH_FASTCALL,
    "The value of `key` in a map, record or set, the item at an index of a vector or string." },
  { "nth", fast(nth_callable), METH_FASTCALL,
    "The item at `index`, counted from 0; out of bounds the default, or an IndexError without one." },
  { "count", fast(unary<"count", count_boxed>), METH_FASTCALL, "How many items `coll` has; 0 for nil." },
  { "first", fast(unary<"first", first>), METH_FASTCALL, "The first item of `coll`, nil when there is none." },
  { "contains", fast(contains_callable), METH_FASTCALL,
    "Whether a map or set has the key, or a vector or string the index." },
  { "assoc", fast(assoc_callable), METH_FASTCALL,
    "`coll` with the value at the key (of a map or record) or index (of a vector)." },
  { "conj", fast(conj_callable), METH_FASTCALL, "`coll` with the items added where that is cheap." },
  { "register_holder", register_holder, METH_VARARGS, "Look up in the map of a slot for a type with this `get`." },
  { "speed_up_keywords", speed_up_keywords, METH_NOARGS, "Make keywords call the native get." },
  { "set_metadata", set_metadata, METH_O, "Share the table in which the metadata of maps and vectors is kept." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

PyObject* get_from_others(PyObject* coll, PyObject* key, PyObject* fallback, ref& made) {
  PyObject* found = nullptr;
  if(is_map(coll)) {
    found = map_item(coll, key, made);
  } else if(is_vector(coll)) {
    if(i64 index; as_int64(key, index)) found = item(coll, index, made);
  } else if(PyObject* const map = coll == Py_None ? nullptr : held_map(coll)) {
    found = map_item(map, key, made);
    made = ref::share(found ? found : fallback); // the object may get another map
    return made.get();
  } else if(coll != Py_None) {
    made = call_slow(slow::get, coll, key, fallback);
    return made.get();
  }
  return found ? found : fallback;
}

PyObject* nth_borrowed(PyObject* coll, i64 index, ref& made) {
  if(PyObject* const found = item(coll, index, made)) return found;
  made = call_slow(slow::nth, coll, box(index).get());
  return made.get();
}

ref nth(PyObject* coll, i64 index) {
  ref made;
  PyObject* const found = nth_borrowed(coll, index, made);
  return made.get() ? std::move(made) : ref::share(found);
}

ref nth(PyObject* coll, i64 index, PyObject* fallback) {
  ref made;
  PyObject* const found = item(coll, index, made);
  if(!found) return call_slow(slow::nth, coll, box(index).get(), fallback);
  return made.get() ? std::move(made) : ref::share(found);
}

ref nth(PyObject* coll, PyObject* index) {
  i64 i;
  return as_int64(index, i) ? nth(coll, i) : call_slow(slow::nth, coll, index);
}

ref nth(PyObject* coll, PyObject* index, PyObject* fallback) {
  i64 i;
  return as_int64(index, i) ? nth(coll, i, fallback) : call_slow(slow::nth, coll, index, fallback);
}

i64 count(PyObject* coll) {
  if(readable_vector(coll)) return vector_count(coll);
  if(readable_map(coll)) return layout::as_map(coll)->count;
  if(is_vector(coll) || is_map(coll)) return PyObject_Size(coll);
  if(PyUnicode_CheckExact(coll)) return PyUnicode_GET_LENGTH(coll);
  if(is_list(coll)) return PyTuple_GET_SIZE(list_items.of(coll)) - list_start_of(coll);
  if(coll == Py_None) return 0;
  return to_int64(call_slow(slow::count, coll).get(), "count");
}

ref first(PyObject* coll) {
  if(is_vector(coll) || is_list(coll)) {
    ref made;
    PyObject* const found = item(coll, 0, made);
    return ref::share(found ? found : Py_None);
  }
  if(coll == Py_None) return ref::share(coll);
  if(ref found; first_of_indexed(coll, found) || first_of_lazy(coll, found)) return found;
  return call_slow(slow::first, coll);
}

bool contains(PyObject* coll, PyObject* key) {
  ref made;
  if(is_map(coll)) return map_item(coll, key, made) != nullptr;
  if(PyObject* const map = held_map(coll)) return map_item(map, key, made) != nullptr;
  return truthy(call_slow(slow::contains, coll, key).get());
}

ref assoc(PyObject* coll, PyObject* key, PyObject* value) {
  if(metadata && PyDict_GET_SIZE(metadata) == 0) {
    if(is_map(coll)) return call_method(map_set, coll, key, value);
    i64 index;
    if(is_vector(coll) && as_int64(key, index) && index >= 0) {
      if(index < length(coll)) return call_method(vector_set, coll, key, value);
      if(index == length(coll)) return call_method(vector_append, coll, value);
    }
  }
  return call_slow(slow::assoc, coll, key, value);
}

ref conj(PyObject* coll, PyObject* item) {
  bool const plain = metadata && PyDict_GET_SIZE(metadata) == 0;
  if(plain && is_vector(coll)) return call_method(vector_append, coll, item);
  return call_slow(slow::conj, coll, item);
}

bool init_collections(PyObject* module) {
  try {
    auto const method = [](PyTypeObject* type, char const* name) {
      return ref::own(PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), name)).release();
    };
    name_get = ref::own(PyUnicode_InternFromString("get")).release();
    list_items = slot_of(known.list, "items");
    list_start = slot_of(known.list, "start");
    map_set = method(known.map, "set");
    vector_set = method(known.vector, "set");
    vector_append = method(known.vector, "append");
  } catch(py_error const&) {
    return false;
  }
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
