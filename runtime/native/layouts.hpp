// The memory of the libraries' collections: immutables.Map and pyrsistent's PVector, which have no C interface.
// `init_layouts` compares what is read here with what the libraries say of collections it makes; where they differ,
// `layouts` says so and everybody goes through Python's interfaces instead. Internal.
#pragma once
#include "types.hpp"

namespace ts {

struct known_layouts {
  PyTypeObject *map = nullptr, *vector = nullptr;             // null while nothing may be read
  PyTypeObject *bitmap_node = nullptr, *array_node = nullptr; // of a map's tree; the third kind is for collisions
};
extern TS_API known_layouts layouts;

namespace layout {

struct map {
  PyObject_HEAD
  PyObject* root;
  PyObject* weakrefs;
  Py_ssize_t count;
  Py_hash_t hash;
};

// Entries for the hashes' bits that `bitmap` has, in their order: a key and its value, or null and a deeper node.
struct bitmap_node {
  PyObject_VAR_HEAD
  std::uint64_t mutation;
  std::uint32_t bitmap;
  PyObject* entries[1];
};

struct array_node {
  PyObject_HEAD
  PyObject* children[32];
  Py_ssize_t count;
  std::uint64_t mutation;
};

// Keys of one hash, each with its value.
struct collision_node {
  PyObject_VAR_HEAD
  std::uint64_t mutation;
  std::int32_t hash;
  PyObject* entries[1];
};

struct vector_node {
  PyObject* items[32];
  unsigned references;
};

// The last up to 32 items are in `tail`, those before in the leaves of a tree that is `shift / 5` levels high.
struct vector {
  PyObject_HEAD
  unsigned count, shift;
  vector_node *root, *tail;
  PyObject* weakrefs;
};

TS_INLINE map* as_map(PyObject* o) noexcept { return reinterpret_cast<map*>(o); }
TS_INLINE vector* as_vector(PyObject* o) noexcept { return reinterpret_cast<vector*>(o); }

} // namespace layout

TS_INLINE bool readable_map(PyObject* o) noexcept { return class_of(o) == layouts.map; }
TS_INLINE bool readable_vector(PyObject* o) noexcept { return class_of(o) == layouts.vector; }

// --- readable vectors ----------------------------------------------------------------------------

// The leaf that holds the item at `index`, which must be there: items from `index & ~31` on.
TS_INLINE PyObject* const* leaf_of(PyObject* o, Py_ssize_t index) noexcept {
  layout::vector const* const v = layout::as_vector(o);
  Py_ssize_t const before_tail = v->count < 32 ? 0 : ((v->count - 1) >> 5) << 5;
  if(index >= before_tail) return v->tail->items;
  layout::vector_node const* node = v->root;
  for(unsigned level = v->shift; level > 0; level -= 5) {
    node = reinterpret_cast<layout::vector_node const*>(node->items[(index >> level) & 31]);
  }
  return node->items;
}

inline Py_ssize_t vector_count(PyObject* o) noexcept { return layout::as_vector(o)->count; }
inline PyObject* vector_item(PyObject* o, Py_ssize_t index) noexcept { return leaf_of(o, index)[index & 31]; }

// A vector of two items: a map's entry.
ref make_entry(PyObject* key, PyObject* value);

// --- readable maps -------------------------------------------------------------------------------

// The value of `key`, borrowed; null when it is not there. Throws what hashing or comparing raises.
PyObject* find_in_map(PyObject* map, PyObject* key);

// Walks the entries of a map, which somebody else keeps alive.
class map_walk {
public:
  explicit map_walk(PyObject* map) noexcept { nodes_[0] = layout::as_map(map)->root; }
  bool next(PyObject*& key, PyObject*& value) noexcept;

private:
  static constexpr int deepest = 8; // seven groups of five bits, and a collision below them
  PyObject* nodes_[deepest];
  Py_ssize_t at_[deepest] = {};
  int level_ = 0;
};

} // namespace ts
