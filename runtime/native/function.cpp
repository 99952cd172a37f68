// Vars, functions and their shared code as Python types.
#include "function.hpp"
#include "calls.hpp"
#include "module.hpp"
#include <structmember.h>
#include <cstddef>

namespace ts {

PyTypeObject* fn_type = nullptr;

namespace {

PyObject* seq_of_tuple = nullptr; // Python: tuple -> List
PyObject* call_slow = nullptr;    // Python: (f, args tuple) -> value, for what Python cannot call itself
PyObject* arity_error = nullptr;  // Python: (fn, count) -> exception
PyObject* deref_slow = nullptr;
PyObject* rest_type = nullptr;    // Python: class of an argument that holds the whole rest seq, as `apply` passes it
PyObject* consumers = nullptr;      // Python functions that consume a sequence
PyObject* consumer_calls = nullptr; // Python, by number of arguments: (f, pop) -> f(pop(), …)
// --- Code ----------------------------------------------------------------------------------------

int code_init(PyObject* self, PyObject* args, PyObject*) {
  PyObject* name;
  PyObject* arities;
  if(!PyArg_ParseTuple(args, "O!O!", &PyUnicode_Type, &name, &PyTuple_Type, &arities)) return -1;
  code* const c = reinterpret_cast<code*>(self);
  Py_XSETREF(c->name, Py_NewRef(name));
  Py_XSETREF(c->arities, Py_NewRef(arities));
  c->hot_at = ~std::uint64_t{ 0 };
  return 0;
}

int code_traverse(PyObject* self, visitproc visit, void* arg) {
  code* const c = reinterpret_cast<code*>(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(c->arities);
  Py_VISIT(c->hot);
  Py_VISIT(c->failed);
  Py_VISIT(c->tracked);
  Py_VISIT(c->constants_tuple);
  return 0;
}

int code_clear(PyObject* self) {
  code* const c = reinterpret_cast<code*>(self);
  Py_CLEAR(c->arities);
  Py_CLEAR(c->hot);
  Py_CLEAR(c->failed);
  Py_CLEAR(c->tracked);
  Py_CLEAR(c->name);
  c->constants = nullptr;
  Py_CLEAR(c->constants_tuple);
  return 0;
}

template<int (*clear)(PyObject*)> void dealloc(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  clear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* code_get_native(PyObject* self, void*) {
  return PyLong_FromVoidPtr(reinterpret_cast<void*>(reinterpret_cast<code*>(self)->native));
}

int code_set_native(PyObject* self, PyObject* value, void*) {
  void* const address = value ? PyLong_AsVoidPtr(value) : nullptr;
  if(PyErr_Occurred()) return -1;
  reinterpret_cast<code*>(self)->native = reinterpret_cast<native_entry>(address);
  return 0;
}

PyObject* code_get_constants(PyObject* self, void*) {
  PyObject* const t = reinterpret_cast<code*>(self)->constants_tuple;
  return t ? Py_NewRef(t) : PyTuple_New(0);
}

int code_set_constants(PyObject* self, PyObject* value, void*) {
  if(!value || !PyTuple_Check(value)) {
    PyErr_SetString(PyExc_TypeError, "constants are a tuple");
    return -1;
  }
  code* const c = reinterpret_cast<code*>(self);
  c->constants = &PyTuple_GET_ITEM(value, 0);
  Py_XSETREF(c->constants_tuple, Py_NewRef(value));
  return 0;
}

PyObject* code_get_arities(PyObject* self, void*) {
  PyObject* const t = reinterpret_cast<code*>(self)->arities;
  return t ? Py_NewRef(t) : PyTuple_New(0);
}

// The first ones stay, as calls in tier 0 do not keep them alive: two threads may have made some at once.
int code_set_arities(PyObject* self, PyObject* value, void*) {
  code* const c = reinterpret_cast<code*>(self);
  if(!value || !PyTuple_Check(value)) {
    PyErr_SetString(PyExc_TypeError, "arities are a tuple");
    return -1;
  }
  if(c->arities && PyTuple_GET_SIZE(c->arities)) return 0;
  Py_XSETREF(c->arities, Py_NewRef(value));
  return 0;
}

PyObject* code_get_seen(PyObject* self, void*) {
  code* const c = reinterpret_cast<code*>(self);
  return PyBytes_FromStringAndSize(reinterpret_cast<char const*>(c->seen), sizeof(c->seen));
}

PyMemberDef code_members[] = {
  { "beside", T_UBYTE, offsetof(code, beside), 0, "what matters on threads other than the window's" },
  { "name", T_OBJECT, offsetof(code, name), READONLY, "the function's full name" },
  { "hot", T_OBJECT, offsetof(code, hot), 0, "called with this object once it is hot" },
  { "failed", T_OBJECT, offsetof(code, failed), 0, "called with this object after every 16 failed guards" },
  { "tracked", T_OBJECT, offsetof(code, tracked), 0, "arities that tell of the vars they read, or None" },
  { "guard_failures", T_ULONGLONG, offsetof(code, guard_failures), 0, "calls whose assumptions did not hold" },
  { "calls", T_ULONGLONG, offsetof(code, calls), 0,
    "calls so far, in every tier; closed functions call each other uncounted" },
  { "loops", T_ULONGLONG, offsetof(code, loops), 0, "loop iterations counted in tier 0" },
  { "hot_at", T_ULONGLONG, offsetof(code, hot_at), 0, "the count at which it becomes hot" },
  { "timed_calls", T_ULONGLONG, offsetof(code, timed_calls), 0, "sampled calls" },
  { "timed_ns", T_ULONGLONG, offsetof(code, timed_ns), 0, "nanoseconds of the sampled calls" },
  {}
};

PyGetSetDef code_getset[] = {
  { "arities", code_get_arities, code_set_arities, "tier 0: what runs each of them; set once", nullptr },
  { "native", code_get_native, code_set_native, "the compiled entry's address, 0 in tier 0", nullptr },
  { "constants", code_get_constants, code_set_constants, "the objects that compiled code refers to", nullptr },
  { "seen", code_get_seen, nullptr, "tier 0's profile: kinds seen of each parameter, a byte each", nullptr },
  {}
};

PyType_Slot code_slots[] = {
  { Py_tp_doc, const_cast<char*>("What all closures of one fn* form share: counters and code.") },
  { Py_tp_init, reinterpret_cast<void*>(code_init) },
  { Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew) },
  { Py_tp_traverse, reinterpret_cast<void*>(code_traverse) },
  { Py_tp_clear, reinterpret_cast<void*>(code_clear) },
  { Py_tp_dealloc, reinterpret_cast<void*>(dealloc<code_clear>) },
  { Py_tp_members, code_members },
  { Py_tp_getset, code_getset },
  { 0, nullptr }
};
PyType_Spec code_spec{ "runtime.native._support.Code", sizeof(code), 0,
                       Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, code_slots };

// --- Fn ------------------------------------------------------------------------------------------

PyTypeObject* code_type = nullptr;

int fn_traverse(PyObject* self, visitproc visit, void* arg) {
  fn* const f = reinterpret_cast<fn*>(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(f->shared);
  Py_VISIT(f->meta);
  for(Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(f->captures[i]);
  return 0;
}

int fn_clear(PyObject* self) {
  fn* const f = reinterpret_cast<fn*>(self);
  if(f->weakrefs) PyObject_ClearWeakRefs(self);
  for(Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_CLEAR(f->captures[i]);
  Py_CLEAR(f->meta);
  return 0;
}

void fn_dealloc(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  fn_clear(self);
  Py_XDECREF(reinterpret_cast<PyObject*>(reinterpret_cast<fn*>(self)->shared));
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* fn_repr(PyObject* self) {
  return PyUnicode_FromFormat("#<fn %U>", reinterpret_cast<fn*>(self)->shared->name);
}

PyObject* fn_new(PyTypeObject*, PyObject* args, PyObject*) {
  PyObject* shared;
  PyObject* captures;
  if(!PyArg_ParseTuple(args, "O!O!", code_type, &shared, &PyTuple_Type, &captures)) return nullptr;
  try {
    return make_fn(reinterpret_cast<code*>(shared), &PyTuple_GET_ITEM(captures, 0), PyTuple_GET_SIZE(captures))
      .release();
  } catch(py_error const&) {
    return nullptr;
  }
}

PyObject* fn_captures(PyObject* self, void*) {
  fn* const f = reinterpret_cast<fn*>(self);
  PyObject* const t = PyTuple_New(Py_SIZE(self));
  for(Py_ssize_t i = 0; t && i < Py_SIZE(self); ++i) PyTuple_SET_ITEM(t, i, Py_XNewRef(f->captures[i]));
  return t;
}

PyObject* fn_with_meta(PyObject* self, PyObject* meta) {
  fn* const f = reinterpret_cast<fn*>(self);
  try {
    ref copy = make_fn(f->shared, f->captures, Py_SIZE(self));
    Py_XSETREF(reinterpret_cast<fn*>(copy.p)->meta, Py_NewRef(meta));
    return copy.release();
  } catch(py_error const&) {
    return nullptr;
  }
}

// A letfn's functions refer to each other: their captures are filled in after all of them exist.
PyObject* fn_set_capture(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if(count != 2) return PyErr_Format(PyExc_TypeError, "set_capture takes an index and a value");
  Py_ssize_t const i = PyLong_AsSsize_t(args[0]);
  if(i < 0 || i >= Py_SIZE(self)) return PyErr_Format(PyExc_IndexError, "no such capture");
  Py_XSETREF(reinterpret_cast<fn*>(self)->captures[i], Py_NewRef(args[1]));
  Py_RETURN_NONE;
}

PyMethodDef fn_methods[] = {
  { "with_meta", fn_with_meta, METH_O, "a copy of this closure with other metadata" },
  { "set_capture", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(fn_set_capture)), METH_FASTCALL,
    "fill in a capture of a mutually recursive function" },
  {}
};
PyMemberDef fn_members[] = {
  { "code", T_OBJECT, offsetof(fn, shared), READONLY, "what all its closures share" },
  { "meta", T_OBJECT, offsetof(fn, meta), 0, "metadata or None" },
  { "__vectorcalloffset__", T_PYSSIZET, offsetof(fn, vectorcall), READONLY, nullptr },
  { "__weaklistoffset__", T_PYSSIZET, offsetof(fn, weakrefs), READONLY, nullptr },
  {}
};
PyGetSetDef fn_getset[] = { { "captures", fn_captures, nullptr, "the captured values", nullptr }, {} };

PyType_Slot fn_slots[] = {
  { Py_tp_doc, const_cast<char*>("Fn(code, captures): a Lisp function.") },
  { Py_tp_new, reinterpret_cast<void*>(fn_new) },
  { Py_tp_traverse, reinterpret_cast<void*>(fn_traverse) },
  { Py_tp_clear, reinterpret_cast<void*>(fn_clear) },
  { Py_tp_dealloc, reinterpret_cast<void*>(fn_dealloc) },
  { Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call) },
  { Py_tp_repr, reinterpret_cast<void*>(fn_repr) },
  { Py_tp_methods, fn_methods },
  { Py_tp_members, fn_members },
  { Py_tp_getset, fn_getset },
  { 0, nullptr }
};
PyType_Spec fn_spec{ "runtime.native._support.Fn", offsetof(fn, captures), sizeof(PyObject*),
                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL, fn_slots };

// --- Var -----------------------------------------------------------------------------------------

int var_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(reinterpret_cast<var*>(self)->root);
  return 0;
}

// The version rises before the old root goes, whose end may run anything: who saw the version has the root.
void replace_root(var* v, PyObject* root) noexcept {
  PyObject* const old = std::exchange(v->root, root);
  ++v->version;
  Py_XDECREF(old);
}

int var_clear(PyObject* self) {
  replace_root(reinterpret_cast<var*>(self), nullptr);
  return 0;
}

PyObject* var_bind(PyObject* self, PyObject* value) {
  replace_root(reinterpret_cast<var*>(self), Py_NewRef(value));
  Py_RETURN_NONE;
}

PyMethodDef var_methods[] = {
  { "bind", var_bind, METH_O, "give it a new root value" },
  {}
};
PyMemberDef var_members[] = {
  { "root", T_OBJECT_EX, offsetof(var, root), READONLY, "the root value; AttributeError while unbound" },
  { "version", T_ULONGLONG, offsetof(var, version), READONLY, "rises with every new root" },
  {}
};
PyType_Slot var_slots[] = {
  { Py_tp_doc, const_cast<char*>("The part of a var that generated code reads.") },
  { Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew) },
  { Py_tp_traverse, reinterpret_cast<void*>(var_traverse) },
  { Py_tp_clear, reinterpret_cast<void*>(var_clear) },
  { Py_tp_dealloc, reinterpret_cast<void*>(dealloc<var_clear>) },
  { Py_tp_methods, var_methods },
  { Py_tp_members, var_members },
  { 0, nullptr }
};
PyType_Spec var_spec{ "runtime.native._support.VarBase", sizeof(var), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, var_slots };

// --- module functions ----------------------------------------------------------------------------

PyObject* set_hooks(PyObject*, PyObject* args) {
  PyObject *seq, *slow, *arity, *dynamic, *rest;
  if(!PyArg_ParseTuple(args, "OOOOO", &seq, &slow, &arity, &dynamic, &rest)) return nullptr;
  Py_XSETREF(seq_of_tuple, Py_NewRef(seq));
  Py_XSETREF(call_slow, Py_NewRef(slow));
  Py_XSETREF(arity_error, Py_NewRef(arity));
  Py_XSETREF(deref_slow, Py_NewRef(dynamic));
  Py_XSETREF(rest_type, Py_NewRef(rest));
  Py_RETURN_NONE;
}

// All at once, as far as Python code can tell; what had been there comes back, for somebody else to let go of.
PyObject* bind_all(PyObject*, PyObject* args) {
  PyObject *vars, *values;
  if(!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &vars, &PyList_Type, &values)) return nullptr;
  Py_ssize_t const count = PyList_GET_SIZE(vars);
  if(PyList_GET_SIZE(values) != count) return PyErr_Format(PyExc_ValueError, "as many values as vars");
  PyObject* const old = PyList_New(count);
  if(!old) return nullptr;
  for(Py_ssize_t i = 0; i < count; ++i) {
    var* const v = reinterpret_cast<var*>(PyList_GET_ITEM(vars, i));
    PyList_SET_ITEM(old, i, v->root ? v->root : Py_NewRef(Py_None));
    v->root = Py_NewRef(PyList_GET_ITEM(values, i));
    ++v->version;
  }
  return old;
}

PyObject* set_consumers(PyObject*, PyObject* args) {
  PyObject *functions, *calls;
  if(!PyArg_ParseTuple(args, "O!O!", &PySet_Type, &functions, &PyTuple_Type, &calls)) return nullptr;
  Py_XSETREF(consumers, Py_NewRef(functions));
  Py_XSETREF(consumer_calls, Py_NewRef(calls));
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "bind_all", bind_all, METH_VARARGS, "(vars, values): give vars new roots; the list of the old ones" },
  { "set_consumers", set_consumers, METH_VARARGS,
    "(functions that consume a sequence, (f, pop) -> f(pop(), ...) by number of arguments)" },
  { "set_function_hooks", set_hooks, METH_VARARGS,
    "(tuple -> seq, (f, args) -> value, (fn, count) -> exception, var -> value, class of rests)" },
  {}
};

} // namespace

void let_go(PyObject* o) noexcept { drop(o); }


PyObject* wrong_arity(fn* self, Py_ssize_t count) noexcept {
  PyObject* const made = PyObject_CallFunction(arity_error, "On", reinterpret_cast<PyObject*>(self), count);
  if(made) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made)), made);
    Py_DECREF(made);
  }
  return nullptr;
}

ref deref_dynamic(var* v) { return ref::own(PyObject_CallOneArg(deref_slow, reinterpret_cast<PyObject*>(v))); }

ref call(PyObject* f, PyObject* const* args, Py_ssize_t count) {
  if(PyCallable_Check(f)) {
    return ref::own(
      PyObject_Vectorcall(f, args, static_cast<std::size_t>(count) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  }
  ref const tuple = ref::own(PyTuple_New(count));
  for(Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(tuple.p, i, Py_NewRef(args[i]));
  return ref::own(PyObject_CallFunctionObjArgs(call_slow, f, tuple.p, nullptr));
}

bool consumes(PyObject* f) noexcept { return consumers && PyFunction_Check(f) && PySet_Contains(consumers, f) == 1; }
bool consumes(PyObject* f, Py_ssize_t count) noexcept {
  return PyFunction_Check(f) && consumes(f) && count < PyTuple_GET_SIZE(consumer_calls);
}

PyObject* consume(PyObject* f, PyObject* args) {
  Py_ssize_t const count = PyList_GET_SIZE(args);
  PyObject* const pop = PyObject_GetAttrString(args, "pop");
  if(!pop) return nullptr;
  PyObject* const result = PyObject_CallFunctionObjArgs(PyTuple_GET_ITEM(consumer_calls, count), f, pop, nullptr);
  Py_DECREF(pop);
  return result;
}

ref call(PyObject* f, PyObject* const* args, Py_ssize_t count, std::initializer_list<ref*> given) {
  if(!consumes(f, count)) return released(call(f, args, count), given);
  ref const list = ref::own(PyList_New(count));
  for(Py_ssize_t i = 0; i < count; ++i) PyList_SET_ITEM(list.p, count - 1 - i, Py_NewRef(args[i]));
  released(ref(), given);
  return ref::own(consume(f, list.p));
}

ref released(ref made, std::initializer_list<ref*> given) {
  for(ref* const r : given) *r = ref();
  return made;
}

ref make_fn(code* shared, PyObject* const* captures, Py_ssize_t count) {
  fn* const f = PyObject_GC_NewVar(fn, fn_type, count);
  if(!f) throw py_error{};
  f->vectorcall = fn_vectorcall;
  f->shared = shared;
  Py_INCREF(reinterpret_cast<PyObject*>(shared));
  f->meta = nullptr;
  f->weakrefs = nullptr;
  for(Py_ssize_t i = 0; i < count; ++i) f->captures[i] = Py_XNewRef(captures[i]);
  PyObject_GC_Track(reinterpret_cast<PyObject*>(f));
  return ref::own(reinterpret_cast<PyObject*>(f));
}

ref rest_args(PyObject* const* args, Py_ssize_t from, Py_ssize_t count) {
  if(count <= from) return ref::share(Py_None);
  if(count == from + 1 && reinterpret_cast<PyObject*>(Py_TYPE(args[from])) == rest_type) {
    return ref::own(PyObject_GetAttrString(args[from], "seq"));
  }
  ref const tuple = ref::own(PyTuple_New(count - from));
  for(Py_ssize_t i = from; i < count; ++i) PyTuple_SET_ITEM(tuple.p, i - from, Py_NewRef(args[i]));
  return ref::own(PyObject_CallOneArg(seq_of_tuple, tuple.p));
}

bool init_functions(PyObject* module) {
  code_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&code_spec));
  fn_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&fn_spec));
  PyObject* const var_type = PyType_FromSpec(&var_spec);
  return code_type && fn_type && var_type
    && PyModule_AddObjectRef(module, "Code", reinterpret_cast<PyObject*>(code_type)) == 0
    && PyModule_AddObjectRef(module, "Fn", reinterpret_cast<PyObject*>(fn_type)) == 0
    && PyModule_AddObjectRef(module, "VarBase", var_type) == 0 && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace ts
