// Walking the items of anything seqable, for compiled loops: `reduce`, `doseq` and what is fused with them.
#pragma once
#include "interrupt.hpp"
#include "support.hpp"

namespace ts {

// Evaluates each item when it is asked for, never one further. Vectors, lists, ranges and maps are read where they
// lie. What was walked of a lazy sequence is let go of, unless somebody else holds the sequence's head.
class cursor {
public:
  // TypeError when `coll` is not seqable; nothing is evaluated yet.
  explicit cursor(PyObject* coll) : cursor(ref::share(coll)) {}
  TS_API explicit cursor(ref coll);
  cursor(cursor const&) = delete;
  cursor& operator=(cursor const&) = delete;
  TS_API ~cursor();

  // The next item, borrowed until the next call; false, and `item` unchanged, at the end.
  TS_INLINE bool next(PyObject*& item) {
    if(at_ == end_) return more(item);
    item = *at_++;
    return true;
  }

  // Whether all items are integers of a range: then `next_int` gives them unboxed.
  bool ints() const noexcept { return ints_; }
  bool next_int(std::int64_t& item) noexcept {
    if(left_ == 0) return false;
    --left_;
    item = int_;
    int_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(int_) + static_cast<std::uint64_t>(step_));
    return true;
  }

  int traverse(visitproc visit, void* arg) const; // for the garbage collector

private:
  struct sources; // the ways to find more
  TS_API bool more(PyObject*& item);

  PyObject* const* at_ = nullptr; // items that `source_` keeps alive
  PyObject* const* end_ = nullptr;
  bool (*more_)(cursor&, PyObject*&) = nullptr; // null: what is at `at_` was all
  ref source_, item_, links_;
  std::int64_t int_ = 0, step_ = 0, left_ = 0;
  void* walk_ = nullptr;
  bool ints_ = false;
};

// The same as a Lisp value, for loops that outlive the tier they began in: `doseq` is `(walk* coll)` and then
// `(advance* walk)` until that is `end*`.
TS_API ref walk(PyObject* coll);
TS_API ref advance(PyObject* walk);
extern TS_API PyObject* end_mark;

// What ends a reduction early, as `reduced` makes it.
extern TS_API PyTypeObject* reduced_type;
TS_INLINE bool is_reduced(PyObject* o) noexcept { return class_of(o) == reduced_type; }
TS_API ref reduced_value(PyObject* reduced);


// `(f acc item)` over all items, until it is reduced.
TS_API ref reduce(PyObject* f, ref acc, cursor& items);
// `(f acc key value)` over the entries of a map, or the indices and items of a vector; `pairs` gives those of what
// is neither.
TS_API ref reduce_kv(PyObject* f, ref acc, PyObject* pairs);

} // namespace ts
