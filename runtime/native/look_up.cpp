// Look-ups whose place did not know where the key is.
#include "look_up.hpp"

namespace ts {

namespace {

using layout::bitmap_node;

// Remember where a key is in one of the two upper nodes of a tree.
void learn(PyObject* map, PyObject* key, hint& where) noexcept {
  PyObject* const root = layout::as_map(map)->root;
  if(Py_TYPE(root) != layouts.bitmap_node) return;
  PyObject* const* const entries = reinterpret_cast<bitmap_node*>(root)->entries;
  for(std::uint32_t i = 0; i < Py_SIZE(root); i += 2) {
    if(entries[i] == key) {
      where.at = i;
      return;
    }
    if(entries[i] || Py_TYPE(entries[i + 1]) != layouts.bitmap_node) continue;
    PyObject* const* const below = reinterpret_cast<bitmap_node*>(entries[i + 1])->entries;
    for(std::uint32_t j = 0; j < Py_SIZE(entries[i + 1]); j += 2) {
      if(below[j] != key) continue;
      where = { i, j };
      return;
    }
  }
}

} // namespace

PyObject* get_keyword(PyObject* coll, PyObject* key, PyObject* fallback, hint& where, ref& made) {
  return get_keyword_inline(coll, key, fallback, where, made);
}

PyObject* get_elsewhere(PyObject* coll, PyObject* key, PyObject* fallback, hint& where, ref& made) {
  PyObject* const found = get_borrowed(coll, key, fallback, made);
  if(readable_map(coll) && found != fallback) learn(coll, key, where);
  return found;
}

} // namespace ts
