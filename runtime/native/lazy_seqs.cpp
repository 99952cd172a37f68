// Sequences over iterators keep their items in segments, which are linked forwards only.
#include "lazy_seqs.hpp"
#include "function.hpp"

namespace ts {

lazy_classes lazies;

namespace {

constexpr Py_ssize_t segment_size = 32; // runtime.core.sequences.SEGMENT

// Python's pending exception, normalised and taken over; it stays pending as well.
ref pending_exception() {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  ref held = ref::share(value);
  if(trace) PyException_SetTraceback(value, trace);
  PyErr_Restore(type, value, trace);
  return held;
}

ref make_segment(PyObject* source) {
  ref const items = ref::own(PyList_New(0));
  ref made = ref::own(lazies.segment->tp_alloc(lazies.segment, 0));
  lazies.segment_items.set(made.get(), items.get());
  lazies.segment_source.set(made.get(), source);
  lazies.segment_next.set(made.get(), Py_None);
  lazies.segment_error.set(made.get(), Py_None);
  return made;
}

Py_ssize_t index_of(PyObject* seq) noexcept { return PyLong_AsSsize_t(lazies.iter_index.of(seq)); }

// Whether a sequence over an iterator has an item; it is evaluated then.
bool has_item(PyObject* seq) {
  PyObject* const segment = lazies.iter_segment.of(seq);
  return index_of(seq) < PyList_GET_SIZE(lazies.segment_items.of(segment)) || pull(segment);
}

ref make_iter_seq(PyObject* segment, Py_ssize_t index) {
  ref const boxed = ref::own(PyLong_FromSsize_t(index));
  ref made = ref::own(lazies.iter->tp_alloc(lazies.iter, 0));
  lazies.iter_segment.set(made.get(), segment);
  lazies.iter_index.set(made.get(), boxed.get());
  lazies.iter_meta.set(made.get(), Py_None);
  return made;
}

bool is_evaluated(PyObject* coll) noexcept {
  return Py_TYPE(coll) == lazies.lazy && lazies.thunk.of(coll) == Py_None;
}

} // namespace

// Evaluates one more item of a segment; false when there is none.
bool pull(PyObject* segment) {
  ref const source = ref::share(lazies.segment_source.of(segment));
  if(source.get() == Py_None) {
    PyObject* const error = lazies.segment_error.of(segment);
    if(error == Py_None) return false;
    PyException_SetTraceback(error, Py_None);
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
    raise();
  }
  check_stack(); // sequences over sequences may be nested deeply
  PyObject* const made = PyIter_Next(source.get());
  if(!made) {
    if(PyErr_Occurred()) {
      if(PyErr_ExceptionMatches(PyExc_Exception)) {
        ref const error = pending_exception();
        lazies.segment_error.set(segment, error.get());
      } else { // an interrupt: a generator is over then, so the sequence must not look ended
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyObject* const error = PyObject_CallFunction(
          PyExc_RuntimeError, "s", "this sequence was interrupted while an item was computed");
        if(error) lazies.segment_error.set(segment, error);
        Py_XDECREF(error);
        PyErr_Restore(type, value, trace);
      }
    }
    lazies.segment_source.set(segment, Py_None);
    if(PyErr_Occurred()) raise();
    return false;
  }
  ref const item = ref::own(made);
  PyObject* const items = lazies.segment_items.of(segment);
  if(PyList_Append(items, item.get()) < 0) throw py_error{};
  if(PyList_GET_SIZE(items) == segment_size) {
    lazies.segment_next.set(segment, make_segment(source.get()).get());
    lazies.segment_source.set(segment, Py_None);
  }
  return true;
}

bool seq_of_lazy(PyObject* coll, ref& found) {
  if(Py_TYPE(coll) == lazies.iter) found = ref::share(has_item(coll) ? coll : Py_None);
  else if(lazies.is_cons(coll)) found = ref::share(coll);
  else if(is_evaluated(coll)) found = ref::share(lazies.value.of(coll));
  else return false;
  return true;
}

bool first_of_lazy(PyObject* coll, ref& found) {
  if(is_evaluated(coll)) coll = lazies.value.of(coll);
  if(lazies.is_cons(coll)) {
    found = ref::share(lazies.cons_head.of(coll));
  } else if(Py_TYPE(coll) == lazies.iter) {
    bool const has = has_item(coll);
    PyObject* const items = lazies.segment_items.of(lazies.iter_segment.of(coll));
    found = ref::share(has ? PyList_GET_ITEM(items, index_of(coll)) : Py_None);
  } else {
    return false;
  }
  return true;
}

bool rest_of_lazy(PyObject* coll, PyObject* empty, ref& found) {
  if(is_evaluated(coll)) coll = lazies.value.of(coll);
  if(lazies.is_cons(coll)) {
    PyObject* const tail = lazies.cons_tail.of(coll);
    found = ref::share(tail == Py_None ? empty : tail);
  } else if(Py_TYPE(coll) == lazies.iter) {
    PyObject* const segment = lazies.iter_segment.of(coll);
    Py_ssize_t const following = index_of(coll) + 1;
    if(!has_item(coll)) found = ref::share(empty);
    else if(following < segment_size) found = make_iter_seq(segment, following);
    else if(lazies.segment_next.of(segment) == Py_None) return false; // a broken sequence: Python says so
    else found = make_iter_seq(lazies.segment_next.of(segment), 0);
  } else {
    return false;
  }
  return true;
}

void set_lazies(
  PyTypeObject* iter, PyTypeObject* segment, PyTypeObject* lazy, PyTypeObject* cons, PyTypeObject* cell) {
  lazies.iter_segment = slot_of(iter, "segment");
  lazies.iter_index = slot_of(iter, "index");
  lazies.iter_meta = slot_of(iter, "meta");
  lazies.segment_items = slot_of(segment, "items");
  lazies.segment_source = slot_of(segment, "source");
  lazies.segment_next = slot_of(segment, "next");
  lazies.segment_error = slot_of(segment, "error");
  lazies.thunk = slot_of(lazy, "_thunk");
  lazies.value = slot_of(lazy, "_value");
  lazies.cons_head = slot_of(cons, "head");
  lazies.cons_tail = slot_of(cons, "tail");
  lazies.iter = iter;
  lazies.segment = segment;
  lazies.lazy = lazy;
  lazies.cons = cons;
  lazies.cell = cell;
}

} // namespace ts
