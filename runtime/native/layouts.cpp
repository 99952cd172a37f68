// Reads the libraries' collections, and at import finds out whether they are laid out as expected: a pointer is
// followed only after its object's size, its position and the objects that the garbage collector sees were right.
#include "layouts.hpp"
#include "callable.hpp"
#include "module.hpp"
#include "search.hpp"
#include <cstddef>

namespace ts {

known_layouts layouts;
slot keyword_serial;

namespace {

using layout::array_node;
using layout::as_map;
using layout::as_vector;
using layout::bitmap_node;
using layout::collision_node;
using layout::vector_node;

layout::vector* empty_vector; // its tree, which has no items, is shared by the short vectors made here

} // namespace

bool map_walk::next(PyObject*& key, PyObject*& value) noexcept {
  while(level_ >= 0) {
    PyObject* const node = nodes_[level_];
    PyObject* below = nullptr;
    if(Py_TYPE(node) == layouts.array_node) {
      Py_ssize_t& at = at_[level_];
      while(at < 32 && !below) below = reinterpret_cast<array_node*>(node)->children[at++];
    } else {
      bool const bits = Py_TYPE(node) == layouts.bitmap_node;
      PyObject* const* const entries =
        bits ? reinterpret_cast<bitmap_node*>(node)->entries : reinterpret_cast<collision_node*>(node)->entries;
      Py_ssize_t const at = at_[level_];
      if(at < Py_SIZE(node)) {
        at_[level_] = at + 2;
        if(entries[at]) {
          key = entries[at];
          value = entries[at + 1];
          return true;
        }
        below = entries[at + 1];
      }
    }
    if(below) {
      nodes_[++level_] = below;
      at_[level_] = 0;
    } else {
      --level_;
    }
  }
  return false;
}

ref make_entry(PyObject* key, PyObject* value) {
  if(!layouts.vector) {
    ref const pair = ref::own(PyTuple_Pack(2, key, value));
    return ref::own(PySequence_Concat(reinterpret_cast<PyObject*>(empty_vector), pair.get()));
  }
  auto* const tail = static_cast<vector_node*>(PyMem_Calloc(1, sizeof(vector_node)));
  layout::vector* const made = tail ? PyObject_GC_New(layout::vector, known.vector) : nullptr;
  if(!made) {
    PyMem_Free(tail);
    PyErr_NoMemory();
    throw py_error{};
  }
  tail->items[0] = Py_NewRef(key);
  tail->items[1] = Py_NewRef(value);
  tail->references = 1;
  made->count = 2;
  made->shift = 5;
  made->root = empty_vector->root;
  ++made->root->references;
  made->tail = tail;
  made->weakrefs = nullptr;
  PyObject_GC_Track(reinterpret_cast<PyObject*>(made));
  return ref::own(reinterpret_cast<PyObject*>(made));
}

namespace {

// --- whether the layouts are as expected ---------------------------------------------------------

ref call_method(PyObject* o, char const* name, PyObject* a) {
  ref const method = ref::own(PyObject_GetAttrString(o, name));
  return ref::own(PyObject_CallOneArg(method.get(), a));
}

// What the garbage collector sees of an object, as addresses.
int collect(PyObject* o, void* seen) {
  return PyList_Append(static_cast<PyObject*>(seen), ref::own(PyLong_FromVoidPtr(o)).get());
}
bool refers_to(PyObject* o, PyObject* expected) {
  if(!expected || !Py_TYPE(o)->tp_traverse) return false;
  ref const seen = ref::own(PyList_New(0));
  if(Py_TYPE(o)->tp_traverse(o, collect, seen.get())) throw py_error{};
  ref const address = ref::own(PyLong_FromVoidPtr(expected));
  return PySequence_Contains(seen.get(), address.get()) == 1;
}

bool has_size(PyTypeObject* type, std::size_t basic, Py_ssize_t item) noexcept {
  return type->tp_basicsize == static_cast<Py_ssize_t>(basic) && type->tp_itemsize == item;
}

// The map of the integers below `count`, with -1 and -2, whose hashes are the same, each to the text of its double.
ref numbers_map(long count) {
  ref const dict = ref::own(PyDict_New());
  for(long i = -2; i < count; ++i) {
    ref const key = ref::own(PyLong_FromLong(i));
    ref const value = ref::own(PyUnicode_FromFormat("%ld", 2 * i));
    if(PyDict_SetItem(dict.get(), key.get(), value.get()) < 0) throw py_error{};
  }
  return ref::own(PyObject_CallOneArg(reinterpret_cast<PyObject*>(known.map), dict.get()));
}

// Whether the children of a node are nodes of the known kinds, down to the leaves.
bool tree_is_known(PyObject* node) {
  PyTypeObject* const type = Py_TYPE(node);
  if(type == layouts.array_node) {
    for(PyObject* const child : reinterpret_cast<array_node*>(node)->children) {
      if(child && !(refers_to(node, child) && tree_is_known(child))) return false;
    }
    return true;
  }
  // The collision node is laid out as a bitmap node with a hash instead of the bitmap.
  static_assert(sizeof(collision_node) == sizeof(bitmap_node));
  static_assert(offsetof(collision_node, entries) == offsetof(bitmap_node, entries));
  if(!has_size(type, offsetof(bitmap_node, entries), sizeof(PyObject*))) return false;
  for(Py_ssize_t i = 0; i < Py_SIZE(node); ++i) {
    PyObject* const found = reinterpret_cast<bitmap_node*>(node)->entries[i];
    if(found ? !refers_to(node, found) : i % 2 == 1) return false;
    if(i % 2 && !reinterpret_cast<bitmap_node*>(node)->entries[i - 1] && !tree_is_known(found)) return false;
  }
  return true;
}

// Whether reading finds in the map what the library finds, by key and by walking.
bool reads_as_library(PyObject* map, long count) {
  for(long i = -3; i <= count; ++i) {
    ref const key = ref::own(PyLong_FromLong(i));
    ref const expected = call_method(map, "get", key.get());
    PyObject* const found = find_in_map(map, key.get());
    if((found ? found : Py_None) != expected.get()) return false;
  }
  map_walk entries(map);
  Py_ssize_t walked = 0;
  for(PyObject *key, *value; entries.next(key, value); ++walked) {
    if(call_method(map, "get", key).get() != value) return false;
  }
  return walked == PyObject_Size(map);
}

// Keywords: reading relies on their hash and on their being interned.
bool keyword_is_found() {
  ref const key = ref::own(PyObject_CallFunction(reinterpret_cast<PyObject*>(known.keyword), "s", "layout"));
  ref const map = ref::own(PyObject_CallFunction(reinterpret_cast<PyObject*>(known.map), "{O:i}", key.get(), 1));
  PyObject* const found = find_in_map(map.get(), key.get());
  return PyObject_Hash(key.get()) == keyword_hash(key.get()) && found && PyLong_AsLong(found) == 1;
}

bool maps_are_known() {
  constexpr long few = 8, many = 400;
  ref const small = numbers_map(few), large = numbers_map(many);
  if(!has_size(known.map, sizeof(layout::map), 0)) return false;
  for(auto const& [map, count] : { std::pair(small.get(), few), std::pair(large.get(), many) }) {
    if(as_map(map)->count != count + 2 || !refers_to(map, as_map(map)->root)) return false;
  }
  layouts.bitmap_node = Py_TYPE(as_map(small.get())->root);
  layouts.array_node = Py_TYPE(as_map(large.get())->root);
  return layouts.bitmap_node != layouts.array_node && has_size(layouts.array_node, sizeof(array_node), 0)
    && tree_is_known(as_map(small.get())->root) && tree_is_known(as_map(large.get())->root)
    && reads_as_library(small.get(), few) && reads_as_library(large.get(), many) && keyword_is_found();
}

bool vectors_are_known() {
  if(!has_size(known.vector, sizeof(layout::vector), 0)) return false;
  if(known.vector->tp_weaklistoffset != offsetof(layout::vector, weakrefs)) return false;
  for(auto const& [count, shift] : { std::pair(0u, 5u), { 5u, 5u }, { 32u, 5u }, { 33u, 5u }, { 1100u, 10u } }) {
    ref const numbers = ref::own(PyList_New(0));
    for(unsigned i = 0; i < count; ++i) {
      if(PyList_Append(numbers.get(), ref::own(PyLong_FromLong(i + 1000)).get()) < 0) throw py_error{};
    }
    ref const made = ref::own(PySequence_Concat(reinterpret_cast<PyObject*>(empty_vector), numbers.get()));
    if(as_vector(made.get())->count != count || as_vector(made.get())->shift != shift) return false;
    for(unsigned i = 0; i < count; ++i) {
      if(vector_item(made.get(), i) != PyList_GET_ITEM(numbers.get(), i)) return false;
    }
    if(as_vector(made.get())->tail->references != 1 || as_vector(made.get())->root->references == 0) return false;
  }
  return true;
}

PyObject* readable(PyObject*, PyObject*) {
  return Py_BuildValue("{s:O,s:O}", "immutables.Map", layouts.map ? Py_True : Py_False, "pyrsistent.PVector",
                       layouts.vector ? Py_True : Py_False);
}

// The libraries' way for everything, as where a layout is another: for tests of that.
PyObject* forget_layouts(PyObject*, PyObject*) {
  layouts.map = layouts.vector = nullptr;
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
  { "forget_layouts", forget_layouts, METH_NOARGS, "From now on call the libraries for everything." },
  { "readable_layouts", readable, METH_NOARGS, "Which libraries' collections are read without calling the library." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool init_layouts(PyObject* module) {
  try {
    keyword_serial = slot_of(known.keyword, "_serial");
    ref const pyrsistent = ref::own(PyImport_ImportModule("pyrsistent"));
    empty_vector = as_vector(ref::own(PyObject_CallMethod(pyrsistent.get(), "pvector", nullptr)).release());
    if(maps_are_known()) layouts.map = known.map;
    if(vectors_are_known()) layouts.vector = known.vector;
  } catch(py_error const&) {
    return false;
  }
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
