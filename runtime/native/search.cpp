// Look-ups by key, nothing else: what counts bits is compiled twice, and calls of such functions from within their own
// file would not expect them to throw.
#include "search.hpp"

// Counting bits is an instruction that not every x86-64 has: the loader chooses between two versions.
#if defined(__x86_64__) && defined(__GLIBC__)
#define COUNTS_BITS __attribute__((target_clones("popcnt", "default")))
#else
#define COUNTS_BITS
#endif

namespace ts {

namespace {

// immutables' 32 bits of a hash.
std::uint32_t folded(Py_hash_t hash) noexcept {
  std::uint64_t const h = static_cast<std::uint64_t>(hash);
  std::uint32_t const mixed = static_cast<std::uint32_t>(h) ^ static_cast<std::uint32_t>(h >> 32);
  return mixed == ~std::uint32_t{ 0 } ? mixed - 1 : mixed;
}

Py_hash_t hash_of(PyObject* key) {
  if(Py_TYPE(key) == known.keyword) return keyword_hash(key);
  Py_hash_t const hash = PyObject_Hash(key);
  if(hash == -1) throw py_error{};
  return hash;
}

bool same_key(PyObject* key, PyObject* stored) {
  if(key == stored) return true;
  if(Py_TYPE(key) == known.keyword && Py_TYPE(stored) == known.keyword) return false; // interned
  int const equal = PyObject_RichCompareBool(key, stored, Py_EQ);
  if(equal < 0) throw py_error{};
  return equal != 0;
}

TS_INLINE PyObject* find(PyObject* map, PyObject* key) {
  std::uint32_t bits = folded(hash_of(key));
  for(PyObject* node = layout::as_map(map)->root;; bits >>= 5) {
    PyTypeObject* const type = Py_TYPE(node);
    if(type == layouts.bitmap_node) {
      auto* const n = reinterpret_cast<layout::bitmap_node*>(node);
      std::uint32_t const bit = std::uint32_t{ 1 } << (bits & 31);
      if(!(n->bitmap & bit)) return nullptr;
      PyObject* const* const entry = n->entries + 2 * __builtin_popcount(n->bitmap & (bit - 1));
      if(entry[0]) return same_key(key, entry[0]) ? entry[1] : nullptr;
      node = entry[1];
    } else if(type == layouts.array_node) {
      node = reinterpret_cast<layout::array_node*>(node)->children[bits & 31];
      if(!node) return nullptr;
    } else {
      auto* const n = reinterpret_cast<layout::collision_node*>(node);
      for(Py_ssize_t i = 0; i < Py_SIZE(n); i += 2) {
        if(same_key(key, n->entries[i])) return n->entries[i + 1];
      }
      return nullptr;
    }
  }
}

} // namespace

COUNTS_BITS PyObject* find_in_map(PyObject* map, PyObject* key) { return find(map, key); }

COUNTS_BITS PyObject* get_borrowed(PyObject* coll, PyObject* key, PyObject* fallback, ref& made) {
  if(!readable_map(coll)) return get_from_others(coll, key, fallback, made);
  PyObject* const found = find(coll, key);
  return found ? found : fallback;
}

COUNTS_BITS ref get(PyObject* coll, PyObject* key, PyObject* fallback) {
  if(readable_map(coll)) {
    PyObject* const found = find(coll, key);
    return ref::share(found ? found : fallback);
  }
  ref made;
  PyObject* const found = get_from_others(coll, key, fallback, made);
  return made.get() ? std::move(made) : ref::share(found);
}

} // namespace ts
