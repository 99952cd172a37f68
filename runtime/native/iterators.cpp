// Iterators that Python sees, and loops over them: what core's sequence functions are made of.
#include "callable.hpp"
#include "function.hpp"
#include "iteration.hpp"
#include "module.hpp"
#include "types.hpp"
#include <cstddef>
#include <new>

namespace ts {

PyObject* end_mark = nullptr;

namespace {

// --- Walk: a cursor as a Python iterator ---------------------------------------------------------

PyTypeObject *walk_type, *filter_type;

struct walker {
  PyObject_HEAD
  bool made, busy;
  alignas(cursor) unsigned char storage[sizeof(cursor)];
  cursor& items() noexcept { return *reinterpret_cast<cursor*>(storage); }
};
walker* as_walk(PyObject* o) noexcept { return reinterpret_cast<walker*>(o); }

int walk_clear(PyObject* self) {
  if(std::exchange(as_walk(self)->made, false)) as_walk(self)->items().~cursor();
  return 0;
}

int walk_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  return as_walk(self)->made ? as_walk(self)->items().traverse(visit, arg) : 0;
}

template<int (*clear)(PyObject*)> void dealloc(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// The next item, a new reference; null at the end, after which there is nothing more, or with an error set.
PyObject* walk_next(PyObject* self) {
  walker* const w = as_walk(self);
  if(!w->made) return nullptr;
  if(w->busy) return PyErr_Format(PyExc_ValueError, "the sequence is being walked already");
  w->busy = true;
  PyObject* item = nullptr;
  try {
    if(w->items().next(item)) Py_INCREF(item);
  } catch(...) {
    set_python_error();
    item = nullptr;
  }
  w->busy = false;
  if(!item) walk_clear(self);
  return item;
}

PyType_Slot walk_slots[] = {
  { Py_tp_doc, const_cast<char*>("An iterator over the items of anything seqable.") },
  { Py_tp_traverse, reinterpret_cast<void*>(walk_traverse) },
  { Py_tp_clear, reinterpret_cast<void*>(walk_clear) },
  { Py_tp_dealloc, reinterpret_cast<void*>(dealloc<walk_clear>) },
  { Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter) },
  { Py_tp_iternext, reinterpret_cast<void*>(walk_next) },
  { 0, nullptr }
};
PyType_Spec walk_spec{ "runtime.native._support.Walk", sizeof(walker), 0,
                       Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, walk_slots };

// --- Filter: the items of an iterator for which a predicate is logically true, or false -----------

struct filter {
  PyObject_HEAD
  PyObject *pred, *source;
  bool wanted;
};
filter* as_filter(PyObject* o) noexcept { return reinterpret_cast<filter*>(o); }

int filter_clear(PyObject* self) {
  Py_CLEAR(as_filter(self)->pred);
  Py_CLEAR(as_filter(self)->source);
  return 0;
}

int filter_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(as_filter(self)->pred);
  Py_VISIT(as_filter(self)->source);
  return 0;
}

PyObject* filter_next(PyObject* self) {
  filter* const f = as_filter(self);
  if(!f->source || !guarded([] { return check_stack(), ref::share(Py_None); })) return nullptr;
  ref const pred = ref::share(f->pred), source = ref::share(f->source);
  for(unsigned count = 1; PyObject* const item = Py_TYPE(source.get())->tp_iternext(source.get()); ++count) {
    PyObject* args[] = { nullptr, item };
    PyObject* const answer =
      PyObject_Vectorcall(pred.get(), args + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    if(answer) {
      bool const found = truthy(answer) == f->wanted;
      Py_DECREF(answer);
      if(found) return item;
    }
    Py_DECREF(item);
    bool const due = count % 1024 == 0 || attention_wanted();
    if(!answer || (due && !guarded([] { return breathe(), ref::share(Py_None); }))) break;
  }
  filter_clear(self); // as a generator that ended or raised
  return nullptr;
}

PyType_Slot filter_slots[] = {
  { Py_tp_doc, const_cast<char*>("The items of an iterator that a predicate takes, by Lisp's truth.") },
  { Py_tp_traverse, reinterpret_cast<void*>(filter_traverse) },
  { Py_tp_clear, reinterpret_cast<void*>(filter_clear) },
  { Py_tp_dealloc, reinterpret_cast<void*>(dealloc<filter_clear>) },
  { Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter) },
  { Py_tp_iternext, reinterpret_cast<void*>(filter_next) },
  { 0, nullptr }
};
PyType_Spec filter_spec{ "runtime.native._support.Filter", sizeof(filter), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, filter_slots };

// --- what Python calls ---------------------------------------------------------------------------

PyObject* iter_of(PyObject* self, PyObject*) {
  return guarded([&] { return walk(self); });
}
PyMethodDef iter_method = { "__iter__", iter_of, METH_NOARGS, nullptr };

// Makes a class of sequences, whose items a cursor finds, iterable.
PyObject* register_walked(PyObject*, PyObject* type) {
  if(!PyType_Check(type)) return PyErr_Format(PyExc_TypeError, "register_walked expects a class");
  return guarded([&] {
    ref const made = ref::own(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type), &iter_method));
    if(PyObject_SetAttrString(type, iter_method.ml_name, made.get()) < 0) throw py_error{};
    return ref::share(Py_None);
  });
}

PyObject* filtered(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 3) return wrong_arity("filter", n);
  return guarded([&] {
    ref const source = ref::own(PyObject_GetIter(a[1]));
    ref made = ref::own(filter_type->tp_alloc(filter_type, 0));
    as_filter(made.get())->pred = Py_NewRef(a[0]);
    as_filter(made.get())->source = Py_NewRef(source.get());
    as_filter(made.get())->wanted = a[2] == Py_True;
    return made;
  });
}

PyObject* fold(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2 && n != 3) return wrong_arity("reduce", n);
  return guarded([&] {
    cursor items(a[n - 1]);
    if(n == 3) return reduce(a[0], ref::share(a[1]), items);
    PyObject* item;
    if(items.next(item)) return reduce(a[0], ref::share(item), items);
    return ref::own(PyObject_CallNoArgs(a[0]));
  });
}

PyObject* fold_kv(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 3) return wrong_arity("reduce-kv", n);
  return guarded([&] { return reduce_kv(a[0], ref::share(a[1]), a[2]); });
}

ref drain(PyObject* coll) {
  cursor items(coll);
  unsigned count = 1;
  for(PyObject* item; items.next(item); ++count) {
    if(count % 1024 == 0) breathe();
    else if(attention_wanted()) attend();
  }
  return ref::share(Py_None);
}

PyMethodDef methods[] = {
  { "register_walked", register_walked, METH_O, "Make a class of sequences iterable, natively." },
  { "walk", fast(unary<"walk", walk>), METH_FASTCALL, "An iterator over the items of anything seqable." },
  { "advance", fast(unary<"advance", advance>), METH_FASTCALL, "The next item of a walk, `END` where there is none." },
  { "filtered", fast(filtered), METH_FASTCALL, "The items for which the predicate's logical truth is the one given." },
  { "fold", fast(fold), METH_FASTCALL, "`(f acc item)` over all items; without `acc` the first item takes its place." },
  { "fold_kv", fast(fold_kv), METH_FASTCALL, "`(f acc key value)` over a map, a vector or pairs." },
  { "drain", fast(unary<"drain", drain>), METH_FASTCALL, "Evaluate all items." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

ref walk(PyObject* coll) {
  ref made = ref::own(walk_type->tp_alloc(walk_type, 0));
  new(as_walk(made.get())->storage) cursor(coll);
  as_walk(made.get())->made = true;
  return made;
}

ref advance(PyObject* o) {
  if(Py_TYPE(o) != walk_type) {
    PyErr_SetString(PyExc_TypeError, "advance expects what walk made");
    throw py_error{};
  }
  if(PyObject* const item = walk_next(o)) return ref::own(item);
  if(PyErr_Occurred()) raise();
  return ref::share(end_mark);
}

bool init_iterators(PyObject* module) {
  walk_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&walk_spec));
  filter_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&filter_spec));
  end_mark = PyObject_CallNoArgs(reinterpret_cast<PyObject*>(&PyBaseObject_Type));
  return walk_type && filter_type && end_mark && PyModule_AddObjectRef(module, "END", end_mark) == 0
    && PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
