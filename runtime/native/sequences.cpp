// Fast paths of `seq`, `next`, `rest`, `swap!` and `str` for the types that loops and frames meet most. The Python
// classes and the functions to fall back to come from `set_sequences`, as they import this extension.
#include "sequences.hpp"
#include "callable.hpp"
#include "lazy_seqs.hpp"
#include "module.hpp"
#include "numbers.hpp"
#include "types.hpp"
#include <vector>

namespace ts {

using i64 = std::int64_t;

namespace {

PyTypeObject *indexed_type, *atom_type; // null until `set_sequences`
PyObject *empty_list, *slow_seq, *slow_next, *slow_rest, *slow_swap, *str_value;
slot indexed_items, indexed_index, indexed_meta;
slot list_items, list_start, list_meta, list_span, list_spans, list_hash;
slot atom_value, atom_watches, atom_validator;
slot keyword_text;

// Fills a slot of an object just allocated.
void fill(PyObject* o, slot s, PyObject* value) noexcept {
  *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(o) + s.offset) = Py_NewRef(value);
}

i64 whole(PyObject* o) noexcept { return PyLong_AsSsize_t(o); }

ref make_indexed(PyObject* items, i64 index) {
  ref const boxed = box(index);
  ref made = ref::own(indexed_type->tp_alloc(indexed_type, 0));
  fill(made.get(), indexed_items, items);
  fill(made.get(), indexed_index, boxed.get());
  fill(made.get(), indexed_meta, Py_None);
  return made;
}

// The list without its first item; None or the empty list, `otherwise`, where nothing is left.
ref list_after(PyObject* list, PyObject* otherwise) {
  i64 const start = whole(list_start.of(list)) + 1;
  if(start >= PyTuple_GET_SIZE(list_items.of(list))) return ref::share(otherwise);
  ref const boxed = box(start);
  ref made = ref::own(known.list->tp_alloc(known.list, 0));
  fill(made.get(), list_items, list_items.of(list));
  fill(made.get(), list_start, boxed.get());
  for(slot const s : { list_meta, list_span, list_spans, list_hash }) fill(made.get(), s, Py_None);
  return made;
}

i64 size_of(PyObject* items) {
  i64 const size = PyObject_Size(items);
  if(size < 0) throw py_error{};
  return size;
}

ref call_python(PyObject* f, PyObject* argument) {
  if(!f) {
    PyErr_SetString(PyExc_RuntimeError, "sequences are not set: import runtime.core.fast_paths");
    throw py_error{};
  }
  return ref::own(PyObject_CallOneArg(f, argument));
}

ref after(PyObject* coll, PyObject* otherwise, PyObject* slow) {
  PyTypeObject* const type = Py_TYPE(coll);
  if(!slow || coll == Py_None) return call_python(slow, coll);
  if(type == indexed_type) {
    PyObject* const items = indexed_items.of(coll);
    i64 const index = whole(indexed_index.of(coll)) + 1;
    return index < size_of(items) ? make_indexed(items, index) : ref::share(otherwise);
  }
  if(type == known.list) return list_after(coll, otherwise);
  if(type == known.vector) return size_of(coll) > 1 ? make_indexed(coll, 1) : ref::share(otherwise);
  if(ref rest; rest_of_lazy(coll, empty_list, rest)) return otherwise == Py_None ? seq(rest.get()) : rest;
  return call_python(slow, coll);
}

// The interpreter changes threads only while Python code runs, so after `f` has returned, comparing the atom's
// value with the one `f` saw and replacing it cannot be interrupted.
PyObject* swap(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n < 2) return wrong_arity("swap!", n);
  PyObject* const atom = a[0];
  if(Py_TYPE(atom) != atom_type || !is_callable(a[1])) return PyObject_Vectorcall(slow_swap, a, n, nullptr);
  return guarded([&] {
    std::vector<PyObject*> args(a + 1, a + n); // the function's own place becomes the value's
    while(true) {
      if(atom_watches.of(atom) != Py_None || atom_validator.of(atom) != Py_None) {
        return ref::own(PyObject_Vectorcall(slow_swap, a, n, nullptr));
      }
      ref const old = ref::share(atom_value.of(atom));
      args[0] = old.get();
      ref made = ref::own(PyObject_Vectorcall(a[1], args.data(), n - 1, nullptr));
      if(atom_value.of(atom) != old.get()) continue;
      fill(atom, atom_value, made.get()); // the reference it held is given back below, where Python may run
      Py_DECREF(old.get());
      return made;
    }
  });
}

ref text_of(PyObject* value) {
  PyTypeObject* const type = Py_TYPE(value);
  if(type == &PyUnicode_Type) return ref::share(value);
  if(type == &PyLong_Type) return ref::own(PyObject_Str(value));
  if(type == known.keyword) return ref::share(keyword_text.of(value));
  return call_python(str_value, value);
}

PyObject* text(PyObject*, PyObject* const* a, Py_ssize_t n) {
  return guarded([&] {
    if(n == 1) return text_of(a[0]);
    ref const parts = ref::own(PyTuple_New(n));
    for(Py_ssize_t i = 0; i < n; ++i) PyTuple_SET_ITEM(parts.get(), i, text_of(a[i]).release());
    ref const nothing = ref::own(PyUnicode_New(0, 0));
    return ref::own(PyUnicode_Join(nothing.get(), parts.get()));
  });
}

PyObject* set_sequences(PyObject*, PyObject* args) {
  PyObject *indexed, *atom;
  if(!PyArg_ParseTuple(
       args, "O!O!OOOOOO", &PyType_Type, &indexed, &PyType_Type, &atom, &empty_list, &slow_seq, &slow_next,
       &slow_rest, &slow_swap, &str_value)) {
    return nullptr;
  }
  return guarded([&] {
    indexed_type = reinterpret_cast<PyTypeObject*>(indexed);
    atom_type = reinterpret_cast<PyTypeObject*>(atom);
    indexed_items = slot_of(indexed_type, "items");
    indexed_index = slot_of(indexed_type, "index");
    indexed_meta = slot_of(indexed_type, "meta");
    atom_value = slot_of(atom_type, "value");
    atom_watches = slot_of(atom_type, "watches");
    atom_validator = slot_of(atom_type, "validator");
    // Kept for the process's life.
    for(PyObject* const o : { indexed, atom, empty_list, slow_seq, slow_next, slow_rest, slow_swap, str_value }) {
      Py_INCREF(o);
    }
    return ref::share(Py_None);
  });
}

PyMethodDef methods[] = {
  { "seq", fast(unary<"seq", seq>), METH_FASTCALL, "A sequence of the items of `coll`, or nil when there are none." },
  { "next", fast(unary<"next", next>), METH_FASTCALL, "The items after the first, or nil when there are none." },
  { "rest", fast(unary<"rest", rest>), METH_FASTCALL, "All items after the first, a sequence that may be empty." },
  { "swap", fast(swap), METH_FASTCALL, "Sets the atom to `(f value args…)` and returns that." },
  { "text", fast(text), METH_FASTCALL, "The texts of the values, one after the other; nil is empty." },
  { "set_sequences", set_sequences, METH_VARARGS, "Hand over the classes and the functions to fall back to." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool is_callable(PyObject* f) noexcept {
  PyTypeObject* const type = Py_TYPE(f);
  return type != known.map && type != known.vector && type != known.symbol && PyCallable_Check(f);
}

bool first_of_indexed(PyObject* coll, ref& found) {
  if(Py_TYPE(coll) != indexed_type) return false;
  PyObject* const items = indexed_items.of(coll);
  i64 const index = whole(indexed_index.of(coll));
  found = index < size_of(items) ? ref::own(PySequence_GetItem(items, index)) : ref::share(Py_None);
  return true;
}

ref seq(PyObject* coll) {
  PyTypeObject* const type = Py_TYPE(coll);
  if(coll == Py_None) return ref::share(coll);
  if(type == known.vector && indexed_type) return size_of(coll) ? make_indexed(coll, 0) : ref::share(Py_None);
  if(type == known.list) {
    bool const has = whole(list_start.of(coll)) < PyTuple_GET_SIZE(list_items.of(coll));
    return ref::share(has ? coll : Py_None);
  }
  if(type == known.map && size_of(coll) == 0) return ref::share(Py_None);
  if(ref found; seq_of_lazy(coll, found)) return found;
  return call_python(slow_seq, coll);
}

ref next(PyObject* coll) { return after(coll, Py_None, slow_next); }
ref rest(PyObject* coll) { return after(coll, empty_list, slow_rest); }

bool init_sequences(PyObject* module) {
  try {
    list_items = slot_of(known.list, "items");
    list_start = slot_of(known.list, "start");
    list_meta = slot_of(known.list, "meta");
    list_span = slot_of(known.list, "span");
    list_spans = slot_of(known.list, "spans");
    list_hash = slot_of(known.list, "_hash");
    keyword_text = slot_of(known.keyword, "_text");
  } catch(py_error const&) {
    return false;
  }
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
