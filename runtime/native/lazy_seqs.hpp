// The classes of sequences that are evaluated by and by, as runtime/core/sequences.py defines them. Internal.
#pragma once
#include "types.hpp"

namespace ts {

struct lazy_classes {
  PyTypeObject *iter = nullptr, *segment = nullptr, *lazy = nullptr, *cons = nullptr, *cell = nullptr;
  slot iter_segment, iter_index, iter_meta;
  slot segment_items, segment_source, segment_next, segment_error;
  slot thunk, value; // of a `LazySeq`; the thunk is None once the value is there
  slot cons_head, cons_tail;

  bool is_cons(PyObject* o) const noexcept { return Py_TYPE(o) == cons || Py_TYPE(o) == cell; }
};
extern lazy_classes lazies;
// Throws TypeError when a class lacks a slot.
void set_lazies(
  PyTypeObject* iter, PyTypeObject* segment, PyTypeObject* lazy, PyTypeObject* cons, PyTypeObject* cell);

// Evaluates one more item of a segment; false when there is none.
bool pull(PyObject* segment);

// `seq`, `first` and `rest` of cons cells, sequences over iterators and lazy ones that were evaluated: false where
// `coll` is something else. `empty` is what follows the last item.
bool seq_of_lazy(PyObject* coll, ref& found);
bool first_of_lazy(PyObject* coll, ref& found);
bool rest_of_lazy(PyObject* coll, PyObject* empty, ref& found);

} // namespace ts
