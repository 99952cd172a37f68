// The ways in which a cursor finds items, one for each kind of collection. The Python classes come from `set_iteration`,
// as they import this extension.
#include "iteration.hpp"
#include "callable.hpp"
#include "function.hpp"
#include "layouts.hpp"
#include "lazy_seqs.hpp"
#include "module.hpp"
#include <algorithm>

namespace ts {

PyTypeObject* reduced_type = nullptr;

namespace {

constexpr unsigned breath = 1024; // items after which other threads and signals get their turn

PyTypeObject *indexed_type, *concat_type;
PyObject* python_iterate;
slot indexed_items, indexed_index;
slot list_items, list_start;
slot reduced_slot;
PyObject *name_seq, *name_opened;

std::int64_t whole(PyObject* o) noexcept { return PyLong_AsSsize_t(o); }

} // namespace

// Every source is a function that gives the next item, or sets `at_` and `end_` to more of them.
struct cursor::sources {
  static bool ended(cursor& c) noexcept {
    c.more_ = nullptr;
    c.at_ = c.end_ = nullptr;
    return false;
  }

  static void array(cursor& c, PyObject* tuple, Py_ssize_t from) noexcept {
    c.at_ = &PyTuple_GET_ITEM(tuple, 0) + from;
    c.end_ = &PyTuple_GET_ITEM(tuple, 0) + PyTuple_GET_SIZE(tuple);
    if(c.at_ > c.end_) c.at_ = c.end_;
  }

  // A vector's leaves: `int_` is the next one's first index, `left_` the vector's size.
  static bool leaves(cursor& c, PyObject*& item) {
    if(c.int_ >= c.left_) return ended(c);
    PyObject* const* const leaf = leaf_of(c.source_.get(), c.int_);
    Py_ssize_t const first = c.int_ & 31, after = std::min<Py_ssize_t>(32, first + c.left_ - c.int_);
    c.int_ += after - first;
    item = leaf[first];
    c.at_ = leaf + first + 1;
    c.end_ = leaf + after;
    return true;
  }

  static bool ints(cursor& c, PyObject*& item) {
    std::int64_t value;
    if(!c.next_int(value)) return ended(c);
    c.item_ = box(value);
    item = c.item_.get();
    return true;
  }

  // Something else that is indexed, perhaps a list that grows meanwhile.
  static bool indexed(cursor& c, PyObject*& item) {
    Py_ssize_t const size = PyObject_Size(c.source_.get());
    if(size < 0) raise();
    if(c.int_ >= size) return ended(c);
    c.item_ = ref::own(PySequence_GetItem(c.source_.get(), c.int_++));
    item = c.item_.get();
    return true;
  }

  static bool entries(cursor& c, PyObject*& item) {
    PyObject *key, *value;
    if(!static_cast<map_walk*>(c.walk_)->next(key, value)) return ended(c);
    c.item_ = make_entry(key, value);
    item = c.item_.get();
    return true;
  }

  // `source_` is a segment of an `IterSeq`, `int_` the next item's index in it.
  static bool segments(cursor& c, PyObject*& item) {
    while(true) {
      PyObject* const segment = c.source_.get();
      PyObject* const items = lazies.segment_items.of(segment);
      if(c.int_ < PyList_GET_SIZE(items)) {
        c.item_ = ref::share(PyList_GET_ITEM(items, c.int_++));
        item = c.item_.get();
        return true;
      }
      if(PyObject* const following = lazies.segment_next.of(segment); following != Py_None) {
        c.source_ = ref::share(following);
        c.int_ = 0;
      } else if(!pull(segment) && c.int_ >= PyList_GET_SIZE(lazies.segment_items.of(segment))) {
        return ended(c);
      }
    }
  }

  static bool iterator(cursor& c, PyObject*& item) {
    check_stack();
    c.item_ = ref{};
    PyObject* const found = PyIter_Next(c.source_.get());
    if(!found) {
      if(PyErr_Occurred()) raise();
      return ended(c);
    }
    c.item_ = ref::own(found);
    item = found;
    return true;
  }

  // Any mix of cons cells, lazy sequences and concatenations, without recursion: `source_` is the part to walk,
  // null for the next one of `links_`, which is (part, more links) or None; `walk_` a part of another kind.
  static bool links(cursor& c, PyObject*& item) {
    while(true) {
      if(auto* const inner = static_cast<cursor*>(c.walk_)) {
        if(inner->next(item)) return true;
        c.walk_ = nullptr;
        delete inner;
      }
      if(!c.source_.get()) {
        if(c.links_.get() == Py_None) return ended(c);
        ref const link = std::exchange(c.links_, ref{});
        c.source_ = ref::share(PyTuple_GET_ITEM(link.get(), 0));
        c.links_ = ref::share(PyTuple_GET_ITEM(link.get(), 1));
      }
      PyObject* const part = c.source_.get();
      PyTypeObject* const type = Py_TYPE(part);
      if(type == lazies.cons || type == lazies.cell) {
        c.item_ = ref::share(lazies.cons_head.of(part));
        item = c.item_.get();
        c.source_ = ref::share(lazies.cons_tail.of(part));
        return true;
      }
      if(type == lazies.lazy) {
        c.source_ = lazies.thunk.of(part) == Py_None ? ref::share(lazies.value.of(part))
                                                   : ref::own(PyObject_CallMethodNoArgs(part, name_seq));
      } else if(type == concat_type) {
        c.links_ = ref::own(PyObject_CallMethodOneArg(part, name_opened, c.links_.get()));
        c.source_ = ref{};
      } else if(part == Py_None) {
        c.source_ = ref{};
      } else {
        c.walk_ = new cursor(std::exchange(c.source_, ref{}));
      }
    }
  }

  // What a source function left to free.
  static void forget(cursor& c) noexcept {
    if(!c.walk_) return;
    if(c.more_ == links) delete static_cast<cursor*>(c.walk_);
    else delete static_cast<map_walk*>(c.walk_);
  }

  static bool is_linked(PyTypeObject* type) noexcept {
    return type == lazies.cons || type == lazies.lazy || type == concat_type || type == lazies.cell;
  }

  // A range of which every integer has 64 bits; false when that is not so.
  static bool start_range(cursor& c, PyObject* range, std::int64_t index) {
    auto const part = [&](char const* name) { return ref::own(PyObject_GetAttrString(range, name)); };
    std::int64_t start, stop, step;
    if(!as_int64(part("start").get(), start) || !as_int64(part("stop").get(), stop)
       || !as_int64(part("step").get(), step)) {
      return false;
    }
    std::int64_t const size = PyObject_Size(range);
    if(size < 0) raise();
    c.int_ = start + index * step;
    c.step_ = step;
    c.left_ = std::max<std::int64_t>(0, size - index);
    c.ints_ = true;
    c.more_ = ints;
    return true;
  }

  static void start_vector(cursor& c, PyObject* vector, std::int64_t index) noexcept {
    c.int_ = index;
    c.left_ = vector_count(vector);
    c.more_ = leaves;
  }

  static void start(cursor& c) {
    PyObject* const coll = c.source_.get();
    PyTypeObject* const type = Py_TYPE(coll);
    if(coll == Py_None) return;
    if(readable_vector(coll)) return start_vector(c, coll, 0);
    if(type == known.list) return array(c, list_items.of(coll), whole(list_start.of(coll)));
    if(type == &PyTuple_Type) return array(c, coll, 0);
    if(readable_map(coll)) {
      c.walk_ = new map_walk(coll);
      c.more_ = entries;
      return;
    }
    if(type == lazies.iter) {
      c.int_ = whole(lazies.iter_index.of(coll));
      c.source_ = ref::share(lazies.iter_segment.of(coll));
      c.more_ = segments;
      return;
    }
    if(is_linked(type)) {
      c.links_ = ref::share(Py_None);
      c.more_ = links;
      return;
    }
    if(type == indexed_type) {
      ref const items = ref::share(indexed_items.of(coll));
      std::int64_t const index = whole(indexed_index.of(coll));
      if(Py_TYPE(items.get()) == &PyRange_Type && start_range(c, items.get(), index)) return;
      c.source_ = items;
      if(readable_vector(items.get())) return start_vector(c, items.get(), index);
      if(Py_TYPE(items.get()) == &PyTuple_Type) return array(c, items.get(), index);
      c.int_ = index;
      c.more_ = indexed;
      return;
    }
    if(!python_iterate) {
      PyErr_SetString(PyExc_RuntimeError, "iteration is not set: import runtime.core.sequences");
      throw py_error{};
    }
    ref const iterable = ref::own(PyObject_CallOneArg(python_iterate, coll));
    c.source_ = ref::own(PyObject_GetIter(iterable.get()));
    c.more_ = iterator;
  }
};

cursor::cursor(ref coll) : source_(std::move(coll)) { sources::start(*this); }
cursor::~cursor() { sources::forget(*this); }

bool cursor::more(PyObject*& item) { return more_ && more_(*this, item); }

int cursor::traverse(visitproc visit, void* arg) const {
  for(PyObject* const o : { source_.get(), item_.get(), links_.get() }) Py_VISIT(o);
  return walk_ && more_ == sources::links ? static_cast<cursor*>(walk_)->traverse(visit, arg) : 0;
}

ref reduced_value(PyObject* reduced) { return ref::share(reduced_slot.of(reduced)); }

ref reduce(PyObject* f, ref acc, cursor& items) {
  PyObject* item;
  for(unsigned count = 1; items.next(item); ++count) {
    PyObject* args[] = { nullptr, acc.get(), item }; // the first place is the callee's to use
    acc = call(f, args + 1, 2);
    if(is_reduced(acc.get())) return reduced_value(acc.get());
    if(attention_wanted()) attend();
    else if(count % breath == 0) breathe();
  }
  return acc;
}

// Gives `take` the key and value of each of the pairs until it returns false.
template<class F> static void each_pair(PyObject* pairs, F const& take) {
  PyObject *key, *value;
  if(readable_map(pairs)) {
    map_walk entries(pairs);
    while(entries.next(key, value) && take(key, value)) {}
  } else if(Py_TYPE(pairs) == known.vector) {
    cursor items(pairs);
    for(std::int64_t index = 0; items.next(value) && take(box(index).get(), value); ++index) {}
  } else {
    ref const items =
      Py_TYPE(pairs) == known.map ? ref::own(PyObject_CallMethod(pairs, "items", nullptr)) : ref::share(pairs);
    ref const found = ref::own(PyObject_GetIter(items.get()));
    while(PyObject* const next = PyIter_Next(found.get())) {
      ref const pair = ref::own(next);
      ref const k = ref::own(PySequence_GetItem(next, 0)), v = ref::own(PySequence_GetItem(next, 1));
      if(!take(k.get(), v.get())) return;
    }
    if(PyErr_Occurred()) raise();
  }
}

ref reduce_kv(PyObject* f, ref acc, PyObject* pairs) {
  ref const held = ref::share(pairs);
  unsigned count = 0;
  each_pair(pairs, [&](PyObject* key, PyObject* value) {
    PyObject* args[] = { nullptr, acc.get(), key, value };
    acc = call(f, args + 1, 3);
    if(++count % breath == 0) breathe();
    else if(attention_wanted()) attend();
    return !is_reduced(acc.get());
  });
  return is_reduced(acc.get()) && count ? reduced_value(acc.get()) : acc;
}

namespace {

PyObject* set_iteration(PyObject*, PyObject* args) {
  PyObject *indexed, *iter, *segment, *lazy, *cons, *cell, *concat, *reduced, *iterate;
  auto* const t = &PyType_Type;
  if(!PyArg_ParseTuple(args, "O!O!O!O!O!O!O!O!O", t, &indexed, t, &iter, t, &segment, t, &lazy, t, &cons, t, &cell, t,
                       &concat, t, &reduced, &iterate)) {
    return nullptr;
  }
  return guarded([&] {
    auto const type = [](PyObject* o) { return reinterpret_cast<PyTypeObject*>(Py_NewRef(o)); };
    indexed_type = type(indexed);
    concat_type = type(concat);
    set_lazies(type(iter), type(segment), type(lazy), type(cons), type(cell));
    reduced_type = type(reduced);
    python_iterate = Py_NewRef(iterate);
    indexed_items = slot_of(indexed_type, "items");
    indexed_index = slot_of(indexed_type, "index");
    reduced_slot = slot_of(reduced_type, "value");
    return ref::share(Py_None);
  });
}

PyMethodDef methods[] = {
  { "set_iteration", set_iteration, METH_VARARGS, "Hand over the classes of sequences and what makes others iterable." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool init_iteration(PyObject* module) {
  try {
    list_items = slot_of(known.list, "items");
    list_start = slot_of(known.list, "start");
    name_seq = ref::own(PyUnicode_InternFromString("seq")).release();
    name_opened = ref::own(PyUnicode_InternFromString("opened")).release();
  } catch(py_error const&) {
    return false;
  }
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
