// Look-ups of compiled code: each place remembers where it found its key last, as maps of one shape have it there
// again. Like the inline caches of Deutsch and Schiffman (https://doi.org/10.1145/800017.800542), by shape.
#pragma once
#include "collections.hpp"
#include "layouts.hpp"

namespace ts {

// Where a key was last: the entry in the root node of a map's tree and, where that is a node, the entry in it.
struct hint {
  std::uint32_t at = 0, below = 0;
};

// `get` of a keyword, with no reference of its own: valid while `coll`, `fallback` and `made` live.
TS_API PyObject* get_keyword(PyObject* coll, PyObject* key, PyObject* fallback, hint& where, ref& made);

// The same where the key was not at the place known; learns where it is.
TS_API PyObject* get_elsewhere(PyObject* coll, PyObject* key, PyObject* fallback, hint& where, ref& made);

// `get_keyword` for loops: quicker, and longer to compile.
TS_INLINE PyObject* get_keyword_inline(PyObject* coll, PyObject* key, PyObject* fallback, hint& where, ref& made) {
  if(readable_map(coll)) {
    PyObject* node = layout::as_map(coll)->root;
    if(class_of(node) == layouts.bitmap_node && where.at < length_of(node)) {
      PyObject* const* entry = reinterpret_cast<layout::bitmap_node*>(node)->entries + where.at;
      if(entry[0] == key) return entry[1];
      if(!entry[0] && class_of(node = entry[1]) == layouts.bitmap_node && where.below < length_of(node)) {
        entry = reinterpret_cast<layout::bitmap_node*>(node)->entries + where.below;
        if(entry[0] == key) return entry[1];
      }
    }
  }
  return get_elsewhere(coll, key, fallback, where, made);
}

// `nth` of a readable vector by its leaves, of everything else by `nth_borrowed`.
TS_INLINE PyObject* nth_item(PyObject* coll, std::int64_t index, ref& made) {
  if(readable_vector(coll) && index >= 0 && index < static_cast<std::int64_t>(layout::as_vector(coll)->count))
    return leaf_of(coll, index)[index & 31];
  return nth_borrowed(coll, index, made);
}

} // namespace ts
