// Tier 0: bodies, the Python objects that hold a tree of nodes, made of lowered records.
#include "../module.hpp"
#include "../calls.hpp"
#include "builder.hpp"
#include "texts.hpp"
#include <structmember.h>
#include <algorithm>
#include <unordered_map>

namespace ts::tier0 {

void set_pulse(PyObject* hook) noexcept;
PyObject* call_form(PyObject* self, PyObject* args, PyObject* names);

namespace {

// C stack that a node takes at most, arguments not counted, and that an activation does.
constexpr std::size_t node_stack = 256, frame_stack = 512;

std::unordered_map<std::string_view, rule> const& rules() {
  static auto const* const all = [] {
    auto* const made = new std::unordered_map<std::string_view, rule>;
    for(named_rule const* part : { plain_rules, control_rules, call_rules, operation_rules, exception_rules })
      for(; part->make; ++part) made->emplace(part->name, part->make);
    return made;
  }();
  return *all;
}

body* as_body(PyObject* o) noexcept { return reinterpret_cast<body*>(o); }

} // namespace

int number(PyObject* o) {
  long const n = PyLong_AsLong(o);
  if(n == -1 && PyErr_Occurred()) throw py_error{};
  return static_cast<int>(n);
}

void* builder::room(std::size_t size, std::size_t align) {
  auto const at = (reinterpret_cast<std::uintptr_t>(free_) + align - 1) / align * align;
  if(!free_ || at + size > reinterpret_cast<std::uintptr_t>(end_)) {
    std::size_t const chunk = std::max(chunk_, size + align);
    code_.memory->push_back(std::make_unique_for_overwrite<std::byte[]>(chunk));
    free_ = code_.memory->back().get();
    end_ = free_ + chunk;
    chunk_ = std::min(chunk_ * 2, std::size_t{ 2048 }); // what is left of the last is lost
    return room(size, align);
  }
  free_ = reinterpret_cast<std::byte*>(at + size);
  return reinterpret_cast<void*>(at);
}

PyObject* builder::hold(PyObject* o) {
  code_.constants->push_back(Py_NewRef(o));
  return o;
}

node const* builder::build(PyObject* record) {
  check_stack();
  auto const found = rules().find(Py_TYPE(record)->tp_name);
  if(found == rules().end()) {
    PyErr_Format(PyExc_TypeError, "tier 0 has no node for %s", Py_TYPE(record)->tp_name);
    throw py_error{};
  }
  deepest_ = std::max(deepest_, ++depth_);
  node const* const made = found->second(*this, record);
  --depth_;
  return made;
}

nodes builder::build_all(PyObject* tuple) {
  Py_ssize_t const count = PyTuple_GET_SIZE(tuple);
  auto** const all = array<node const*>(count);
  for(Py_ssize_t i = 0; i < count; ++i) all[i] = build(PyTuple_GET_ITEM(tuple, i));
  return { all, static_cast<int>(count) };
}

void fill(body& code, PyObject* record) {
  builder b(code);
  code.root = b.build(record);
  code.stack = frame_stack + b.deepest_ * node_stack + static_cast<std::size_t>(code.size) * 2 * sizeof(value);
}

namespace {

// Body(name, required, variadic, frame size, lowered, places, place)
PyObject* body_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject *name, *record, *places;
  int params, variadic, size, place;
  if(!PyArg_ParseTuple(args, "UipiOO!i", &name, &params, &variadic, &size, &record, &PyTuple_Type, &places, &place))
    return nullptr;
  PyObject* const self = type->tp_alloc(type, 0);
  if(!self) return nullptr;
  body* const code = as_body(self);
  code->root = nullptr;
  code->params = params;
  code->variadic = variadic;
  code->size = size;
  code->place = place;
  code->name = Py_NewRef(name);
  code->constants = new std::vector<PyObject*>;
  code->memory = new std::vector<std::unique_ptr<std::byte[]>>;
  code->places = Py_BuildValue("{sO}", "places", places);
  try {
    if(!code->places) throw py_error{};
    fill(*code, record);
    code->constants->shrink_to_fit();
    return self;
  } catch(...) {
    set_python_error();
    Py_DECREF(self);
    return nullptr;
  }
}

int body_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if(as_body(self)->constants)
    for(PyObject* const o : *as_body(self)->constants) Py_VISIT(o);
  return 0;
}

// Its nodes go when it does: an activation may still need them, with what they refer to.
int body_clear(PyObject*) { return 0; }

void body_dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  body* const code = as_body(self);
  std::unique_ptr<std::vector<PyObject*>> const constants(std::exchange(code->constants, nullptr));
  if(constants)
    for(PyObject* const o : *constants) Py_DECREF(o);
  delete code->memory;
  Py_XDECREF(code->name);
  Py_XDECREF(code->places);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef body_members[] = {
  { "name", T_OBJECT, offsetof(body, name), READONLY, "whose body it is" },
  { "size", T_INT, offsetof(body, size), READONLY, "slots of a frame" },
  {}
};
PyType_Slot body_slots[] = {
  { Py_tp_doc, const_cast<char*>("Body(name, required, variadic, frame size, lowered, places, place): what tier 0 "
                                 "runs of an arity. A top-level form's is called with nothing.") },
  { Py_tp_new, reinterpret_cast<void*>(body_new) },
  { Py_tp_traverse, reinterpret_cast<void*>(body_traverse) },
  { Py_tp_clear, reinterpret_cast<void*>(body_clear) },
  { Py_tp_dealloc, reinterpret_cast<void*>(body_dealloc) },
  { Py_tp_call, reinterpret_cast<void*>(call_form) },
  { Py_tp_members, body_members },
  { 0, nullptr }
};
PyType_Spec body_spec{ "runtime.native._support.Body", sizeof(body), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                       body_slots };

PyObject* python_set_pulse(PyObject*, PyObject* hook) {
  set_pulse(hook);
  Py_RETURN_NONE;
}

PyObject* set_text_function(PyObject*, PyObject* function) {
  Py_XSETREF(text_function, Py_NewRef(function));
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "set_text_function", set_text_function, METH_O, "the core's `str`, which tier 0 does itself for plain values" },
  { "set_pulse", python_set_pulse, METH_O, "() -> None: what tier 0 calls every so often, for Python to have its turn" },
  {}
};

} // namespace
} // namespace ts::tier0

namespace ts {

bool init_tier0(PyObject* module) {
  PyObject* const type = PyType_FromSpec(&tier0::body_spec);
  return type && PyModule_AddObjectRef(module, "Body", type) == 0 && PyModule_AddFunctions(module, tier0::functions) == 0;
}

} // namespace ts
