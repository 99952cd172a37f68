// Walking sequences: `seq`, `next` and `rest` of vectors, lists and the sequences over them. Everything else is
// Python's: runtime/core/sequences.py.
#pragma once
#include "support.hpp"

namespace ts {

TS_API ref seq(PyObject* coll);  // a sequence that has an item, or None
TS_API ref next(PyObject* coll); // None where nothing follows the first item
TS_API ref rest(PyObject* coll);

// Whether Python can call `f` as it is: collections and symbols are adapted first.
bool is_callable(PyObject* f) noexcept;

// The first item of an `IndexedSeq`; false for what is none.
bool first_of_indexed(PyObject* coll, ref& found);

} // namespace ts
