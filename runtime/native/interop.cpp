// The compiled side of interop.hpp: conversions with their errors, native values and boxes as Python objects,
// stubs, and exceptions on their way between the two languages.
#include "interop.hpp"
#include "ownership.hpp"
#include "submissions.hpp"
#include "fault.hpp"
#include "thrown.hpp"
#include "worlds.hpp"
#include <cxxabi.h>
#include <exception>
#include <limits>
#include <mutex>
#include <structmember.h>
#include <typeinfo>
#include <vector>

namespace ts {

namespace {

PyTypeObject* value_type = nullptr;
PyTypeObject* stub_type = nullptr;
PyTypeObject* stub_call_type = nullptr;
PyObject* cpp_exception = nullptr;   // Python class CppException(what, type name, capsule)
PyObject* conversion_error = nullptr; // Python: (value, wanted, callee, arg) -> exception
PyObject* unbox_error = nullptr;      // Python: (value, wanted) -> exception
PyObject* make_char = nullptr;        // Python: str -> Char
PyObject* char_text = nullptr;        // Python: Char -> str or None
PyObject* make_bigint = nullptr;
PyObject* make_vector = nullptr;
PyObject* make_map = nullptr;
PyObject* items_of = nullptr;   // Python: value -> tuple or None
PyObject* entries_of = nullptr; // Python: value -> tuple or None
PyObject* as_number = nullptr;  // Python: value -> float or None
PyObject* wrong_thread = nullptr; // Python: class of the error that something belongs to the window's thread

constexpr char const* exception_capsule = "ts.exception_ptr";

void set_made(PyObject* made) {
  if(!made) return;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made)), made);
  Py_DECREF(made);
}

[[noreturn]] void throw_conversion(PyObject* o, char const* wanted, site const& s) {
  set_made(PyObject_CallFunction(conversion_error, "Ossi", o, wanted, s.callee, s.arg));
  throw py_error{};
}

char const* integer_name(int bits, bool is_signed) {
  switch(bits) {
    case 8: return is_signed ? "an integer from -128 to 127" : "an integer from 0 to 255";
    case 16: return is_signed ? "an integer of 16 bits" : "an unsigned integer of 16 bits";
    case 32: return is_signed ? "an integer of 32 bits" : "an unsigned integer of 32 bits";
    default: return is_signed ? "an integer of 64 bits" : "an unsigned integer of 64 bits";
  }
}

bool is_integer_object(PyObject* o) { return PyLong_Check(o) && !PyBool_Check(o); }

std::string demangled(std::type_info const& type) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                              std::free);
  return status == 0 ? name.get() : type.name();
}

void free_exception(PyObject* capsule) {
  delete static_cast<std::exception_ptr*>(PyCapsule_GetPointer(capsule, exception_capsule));
}

// The Python exception that `raise` last continued in C++: if that comes back, it is the same exception, with
// the traceback that it had.
thread_local std::exception_ptr carried;
thread_local PyObject* carrier = nullptr;

void carry(std::exception_ptr exception, PyObject* python) noexcept {
  carried = std::move(exception);
  Py_XSETREF(carrier, python);
}

void set_cpp_exception(char const* what, std::string const& type) noexcept {
  if(carrier && carried == std::current_exception()) {
    PyObject* const python = std::exchange(carrier, nullptr);
    carried = nullptr;
    PyErr_Restore(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(python))), python,
                  PyException_GetTraceback(python));
    return;
  }
  PyObject* const capsule =
    PyCapsule_New(new std::exception_ptr(std::current_exception()), exception_capsule, free_exception);
  PyObject* const text = PyUnicode_DecodeUTF8(what, static_cast<Py_ssize_t>(std::char_traits<char>::length(what)),
                                              "replace");
  set_made(PyObject_CallFunction(cpp_exception, "NsN", text, type.c_str(), capsule));
}

// --- CppValue ------------------------------------------------------------------------------------

cpp_value* as_value(PyObject* o) { return reinterpret_cast<cpp_value*>(o); }

void value_dealloc(PyObject* self) {
  cpp_value* const v = as_value(self);
  if(v->kind == 'v' && v->ptr && v->type->destroy)
    destroy_quietly(v->type->destroy, v->ptr, v->type, nullptr);
  if(v->kind == 'b') box_gone(v);
  Py_CLEAR(v->place);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* value_type_name(PyObject* self, void*) {
  cpp_value* const v = as_value(self);
  std::string name = without_worlds(v->type->view());
  if(v->kind == 'r') name += '&';
  return PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
}

void* address(cpp_value* v) { return v->kind == 'b' ? content(v).pointer : v->ptr; }

PyObject* value_address(PyObject* self, void*) { return PyLong_FromVoidPtr(address(as_value(self))); }
PyObject* value_is_box(PyObject* self, void*) { return PyBool_FromLong(as_value(self)->kind == 'b'); }

PyObject* value_owns(PyObject* self, void*) {
  cpp_value* const v = as_value(self);
  return PyBool_FromLong(v->kind == 'v' || (v->kind == 'b' && content(v).shared));
}
PyObject* value_is_empty(PyObject* self, void*) {
  cpp_value* const v = as_value(self);
  return PyBool_FromLong(v->kind == 'b' ? content(v).empty : !v->ptr);
}

PyObject* value_repr(PyObject* self) {
  PyObject* const name = value_type_name(self, nullptr);
  if(!name) return nullptr;
  cpp_value* const v = as_value(self);
  bool const box = v->kind == 'b', empty = box && content(v).empty;
  char const* const state = !box ? "" : empty ? " deleted" : content(v).shared ? " owned" : " not owned";
  PyObject* const text = empty ? PyUnicode_FromFormat("#<cpp box %U%s>", name, state)
                               : PyUnicode_FromFormat("#<cpp %s%U %p%s>", box ? "box " : "", name, address(v), state);
  Py_DECREF(name);
  return text;
}

// The end of a native local's scope: its object is destroyed now, whoever still holds the Python object.
PyObject* value_destroy(PyObject* self, PyObject*) {
  cpp_value* const v = as_value(self);
  if(v->kind != 'v' || !v->ptr) Py_RETURN_NONE;
  void* const object = std::exchange(v->ptr, nullptr);
  if(v->type->destroy) switch(run_guarded(v->type->destroy, object)) {
    case guarded_outcome::thrown: return nullptr;
    case guarded_outcome::fault: PyErr_Clear(); // told as an event
    case guarded_outcome::fine: break;
  }
  Py_RETURN_NONE;
}

PyMethodDef value_methods[] = { { "destroy", value_destroy, METH_NOARGS, "destroy the object it owns" }, {} };
PyGetSetDef value_getset[] = {
  { "type_name", value_type_name, nullptr, "the C++ type, as Clang spells it", nullptr },
  { "address", value_address, nullptr, "the object's address; of a box, the pointer it holds", nullptr },
  { "is_box", value_is_box, nullptr, "whether it is a Lisp value made by cpp/box", nullptr },
  { "owns", value_owns, nullptr, "whether its object is destroyed with it or the last box that shares it", nullptr },
  { "is_empty", value_is_empty, nullptr, "whether its object was deleted or destroyed", nullptr },
  {}
};
PyMemberDef value_members[] = {
  { "place", T_OBJECT, offsetof(cpp_value, place), 0, "where it was boxed, or what keeps its object alive" }, {}
};
PyType_Slot value_slots[] = {
  { Py_tp_doc, const_cast<char*>("A C++ object, a reference to one, or a box that holds a pointer.") },
  { Py_tp_dealloc, reinterpret_cast<void*>(value_dealloc) },
  { Py_tp_repr, reinterpret_cast<void*>(value_repr) },
  { Py_tp_methods, value_methods },
  { Py_tp_getset, value_getset },
  { Py_tp_members, value_members },
  { 0, nullptr }
};
PyType_Spec value_spec{ "runtime.native._support.CppValue", sizeof(cpp_value), 1,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, value_slots };

// --- Stub ----------------------------------------------------------------------------------------

PyObject* stub_vectorcall(PyObject* self, PyObject* const* args, std::size_t flags, PyObject*) {
  stub* const s = reinterpret_cast<stub*>(self);
  if(PyVectorcall_NARGS(flags) != s->operands)
    return PyErr_Format(PyExc_TypeError, "the stub %U takes %zd operands", s->signature, s->operands);
  if(!s->body) return PyErr_Format(PyExc_RuntimeError, "the stub %U is not compiled", s->signature);
  return call_stub(s, args, any_site());
}

PyObject* stub_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* signature;
  Py_ssize_t operands;
  if(!PyArg_ParseTuple(args, "O!n", &PyUnicode_Type, &signature, &operands)) return nullptr;
  stub* const s = reinterpret_cast<stub*>(type->tp_alloc(type, 0));
  if(!s) return nullptr;
  s->vectorcall = stub_vectorcall;
  s->body = nullptr;
  s->hits = 0;
  s->operands = operands;
  s->signature = Py_NewRef(signature);
  s->keeps_gil = s->ui_only = false;
  return reinterpret_cast<PyObject*>(s);
}

void stub_dealloc(PyObject* self) {
  Py_CLEAR(reinterpret_cast<stub*>(self)->signature);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* stub_get_address(PyObject* self, void*) {
  return PyLong_FromVoidPtr(reinterpret_cast<void*>(reinterpret_cast<stub*>(self)->body));
}

int stub_set_address(PyObject* self, PyObject* value, void*) {
  void* const address = value ? PyLong_AsVoidPtr(value) : nullptr;
  if(PyErr_Occurred()) return -1;
  reinterpret_cast<stub*>(self)->body = reinterpret_cast<stub_body>(address);
  return 0;
}

PyGetSetDef stub_getset[] = {
  { "address", stub_get_address, stub_set_address, "where its code is; 0 until it is compiled", nullptr }, {}
};
PyMemberDef stub_members[] = {
  { "signature", T_OBJECT, offsetof(stub, signature), READONLY, "what it calls, with its operands' types" },
  { "hits", T_ULONGLONG, offsetof(stub, hits), 0, "calls so far" },
  { "operands", T_PYSSIZET, offsetof(stub, operands), READONLY, "how many operands it takes" },
  { "keeps_gil", T_BOOL, offsetof(stub, keeps_gil), 0, "on other threads than the window's it keeps the GIL" },
  { "ui_only", T_BOOL, offsetof(stub, ui_only), 0, "on other threads than the window's it is an error" },
  { "__vectorcalloffset__", T_PYSSIZET, offsetof(stub, vectorcall), READONLY, nullptr },
  {}
};
PyType_Slot stub_slots[] = {
  { Py_tp_doc, const_cast<char*>("Stub(signature, operands): calls one C++ expression.") },
  { Py_tp_new, reinterpret_cast<void*>(stub_new) },
  { Py_tp_dealloc, reinterpret_cast<void*>(stub_dealloc) },
  { Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call) },
  { Py_tp_members, stub_members },
  { Py_tp_getset, stub_getset },
  { 0, nullptr }
};
PyType_Spec stub_spec{ "runtime.native._support.Stub", sizeof(stub), 0,
                       Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, stub_slots };

// --- StubCall ------------------------------------------------------------------------------------

PyObject* stub_call_vectorcall(PyObject* self, PyObject* const* args, std::size_t flags, PyObject*) {
  auto* const c = reinterpret_cast<stub_call*>(self);
  stub* const s = c->called;
  if(PyVectorcall_NARGS(flags) != s->operands)
    return PyErr_Format(PyExc_TypeError, "the stub %U takes %zd operands", s->signature, s->operands);
  if(!s->body) return PyErr_Format(PyExc_RuntimeError, "the stub %U is not compiled", s->signature);
  return call_stub(s, args, c->site);
}

PyObject* stub_call_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject *called, *site;
  if(!PyArg_ParseTuple(args, "O!O", stub_type, &called, &site)) return nullptr;
  auto* const c = reinterpret_cast<stub_call*>(type->tp_alloc(type, 0));
  if(!c) return nullptr;
  c->vectorcall = stub_call_vectorcall;
  c->called = reinterpret_cast<stub*>(Py_NewRef(called));
  c->site = Py_NewRef(site);
  return reinterpret_cast<PyObject*>(c);
}

void stub_call_dealloc(PyObject* self) {
  auto* const c = reinterpret_cast<stub_call*>(self);
  Py_XDECREF(reinterpret_cast<PyObject*>(c->called));
  Py_CLEAR(c->site);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef stub_call_members[] = {
  { "stub", T_OBJECT, offsetof(stub_call, called), READONLY, "what it calls" },
  { "site", T_OBJECT, offsetof(stub_call, site), READONLY, "where" },
  { "__vectorcalloffset__", T_PYSSIZET, offsetof(stub_call, vectorcall), READONLY, nullptr },
  {}
};
PyType_Slot stub_call_slots[] = {
  { Py_tp_doc, const_cast<char*>("StubCall(stub, site): calls the stub from that call site.") },
  { Py_tp_new, reinterpret_cast<void*>(stub_call_new) },
  { Py_tp_dealloc, reinterpret_cast<void*>(stub_call_dealloc) },
  { Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call) },
  { Py_tp_members, stub_call_members },
  { 0, nullptr }
};
PyType_Spec stub_call_spec{ "runtime.native._support.StubCall", sizeof(stub_call), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, stub_call_slots };

// --- answers and stubs of a transaction ----------------------------------------------------------

struct submission {
  void const* data;
  std::size_t count;
};
std::mutex submissions_lock;
std::unordered_map<std::uint64_t, submission> submissions;

submission take_submission(std::uint64_t id) {
  std::lock_guard const guard(submissions_lock);
  auto const found = submissions.find(id);
  submission const s = found == submissions.end() ? submission{ nullptr, 0 } : found->second;
  if(found != submissions.end()) submissions.erase(found);
  return s;
}

PyObject* take_answers(PyObject*, PyObject* id) {
  submission const s = take_submission(PyLong_AsUnsignedLongLong(id));
  if(PyErr_Occurred()) return nullptr;
  PyObject* const list = PyList_New(static_cast<Py_ssize_t>(s.count));
  for(std::size_t i = 0; list && i < s.count; ++i) {
    answer const& a = static_cast<answer const*>(s.data)[i];
    PyList_SET_ITEM(
      list, static_cast<Py_ssize_t>(i),
      Py_BuildValue("sIKiL", a.name, a.flags, static_cast<unsigned long long>(a.size), a.fixed,
                    static_cast<long long>(a.value)));
  }
  return list;
}

PyObject* take_addresses(PyObject*, PyObject* id) {
  submission const s = take_submission(PyLong_AsUnsignedLongLong(id));
  if(PyErr_Occurred()) return nullptr;
  PyObject* const list = PyList_New(static_cast<Py_ssize_t>(s.count));
  for(std::size_t i = 0; list && i < s.count; ++i)
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i),
                    PyLong_FromVoidPtr(static_cast<void* const*>(s.data)[i]));
  return list;
}

PyObject* python_match(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if(count != 2) return PyErr_Format(PyExc_TypeError, "match_exception takes a capsule and a matcher");
  void* const matcher = PyLong_AsVoidPtr(args[1]);
  if(PyErr_Occurred()) return nullptr;
  try {
    return match_exception(args[0], matcher).release();
  } catch(...) {
    set_python_error();
    return nullptr;
  }
}

struct hook {
  char const* name;
  PyObject** slot;
};
constexpr hook hooks[] = {
  { "cpp_exception", &cpp_exception }, { "conversion_error", &conversion_error }, { "unbox_error", &unbox_error },
  { "make_char", &make_char },         { "char_text", &char_text },               { "make_bigint", &make_bigint },
  { "make_vector", &make_vector },     { "make_map", &make_map },                 { "items_of", &items_of },
  { "entries_of", &entries_of },       { "as_number", &as_number },               { "wrong_thread", &wrong_thread },
};

PyObject* set_hooks(PyObject*, PyObject*, PyObject* named) {
  for(auto const& [name, slot] : hooks) {
    PyObject* const given = named ? PyDict_GetItemString(named, name) : nullptr;
    if(!given) return PyErr_Format(PyExc_TypeError, "set_interop_hooks needs %s", name);
    Py_XSETREF(*slot, Py_NewRef(given));
  }
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "set_interop_hooks", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(set_hooks)),
    METH_VARARGS | METH_KEYWORDS, "what conversions and exceptions call in Python, by name" },
  { "take_answers", take_answers, METH_O, "id -> [(type, flags, size, fixed parameters)] that were submitted" },
  { "take_addresses", take_addresses, METH_O, "id -> the addresses that were submitted" },
  { "match_exception", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(python_match)), METH_FASTCALL,
    "(exception capsule, matcher address) -> CppValue or None" },
  {}
};

} // namespace

// --- calls of C++ --------------------------------------------------------------------------------

static PyObject* call_bare(stub* s, PyObject* const* args) noexcept {
  try {
    return beside() ? call_beside(s, args) : s->body(args);
  } catch(...) {
    set_python_error();
    return nullptr;
  }
}

PyObject* call_stub(stub* s, PyObject* const* args, PyObject* site) noexcept {
  ++s->hits;
  if(__builtin_expect(!guarding, 0)) return call_bare(s, args);
  guard g(my_thread());
  try {
    if(__builtin_expect(ts_arm_here(&g, site), 0)) landed(g);
    return beside() ? call_beside(s, args) : s->body(args);
  } catch(...) {
    g.off();
    set_python_error();
    return nullptr;
  }
}


// --- native values -------------------------------------------------------------------------------

cpp_value* new_value(std::size_t size, type_info const* type, char kind) {
  holding const gil;
  auto* const v = as_value(value_type->tp_alloc(value_type, static_cast<Py_ssize_t>(size)));
  if(!v) throw py_error{};
  v->ptr = v + 1;
  v->type = type;
  v->place = nullptr;
  v->kind = kind;
  return v;
}

bool is_cpp_value(PyObject* o) noexcept { return Py_TYPE(o) == value_type; }

PyObject* box_pointer(void* p, type_info const* type, PyObject* place) {
  holding const gil;
  cpp_value* const v = new_value(sizeof(box_content), type, 'b');
  content(v) = { p, nullptr, false };
  v->place = Py_XNewRef(place);
  box_made(v);
  return reinterpret_cast<PyObject*>(v);
}

std::string_view type_info::view() const noexcept {
  std::string_view const text = raw;
  auto const from = text.find("T = ");
  return from == text.npos ? text : text.substr(from + 4, text.size() - from - 5);
}

bool same_type(type_info const* a, type_info const* b) noexcept {
  return a == b || std::string_view(a->raw) == std::string_view(b->raw) || same_layout(a->raw, b->raw);
}

void* unbox_pointer(PyObject* o, type_info const* type) {
  if(is_cpp_value(o)) {
    cpp_value* const v = as_value(o);
    if(v->kind == 'b' && same_type(v->type, type) && !content(v).empty) return content(v).pointer;
  }
  holding const gil;
  std::string const wanted = without_worlds(type->view());
  set_made(PyObject_CallFunction(unbox_error, "Os", o, wanted.c_str()));
  throw py_error{};
}

void throw_dead_value() {
  holding const gil;
  PyErr_SetString(PyExc_RuntimeError, "this C++ object was destroyed at the end of its scope");
  throw py_error{};
}

void* object_of(PyObject* o) {
  void* const p = as_value(o)->ptr;
  if(!p) throw_dead_value();
  return p;
}

PyObject* give_object(void* object, type_info const* type) {
  cpp_value* const v = new_value(0, type, 'r');
  v->ptr = object;
  return reinterpret_cast<PyObject*>(v);
}

making::~making() {
  if(!v_) return;
  holding const gil;
  v_->ptr = nullptr;
  Py_DECREF(reinterpret_cast<PyObject*>(v_));
}

#define TS_FROM_LISP(T)                                                                                      \
  template TS_API T from_lisp<T>(PyObject*, site const&);                                                    \
  template TS_API T construct<T>(dyn const&);                                                                \
  template TS_API dyn::operator T() const;
TS_COMMON_TYPES(TS_FROM_LISP)
#undef TS_FROM_LISP

// --- Lisp to C++ ---------------------------------------------------------------------------------

bool to_bool(PyObject* o, site const& s) {
  if(o == Py_True) return true;
  if(o == Py_False || o == Py_None) return false;
  throw_conversion(o, "a boolean", s);
}

std::int64_t to_signed(PyObject* o, site const& s, int bits) {
  if(!is_integer_object(o)) throw_conversion(o, integer_name(bits, true), s);
  int overflow = 0;
  long long const v = PyLong_AsLongLongAndOverflow(o, &overflow);
  long long const top = bits == 64 ? std::numeric_limits<long long>::max() : (1LL << (bits - 1)) - 1;
  if(overflow || v > top || v < -top - 1) throw_conversion(o, integer_name(bits, true), s);
  return v;
}

std::uint64_t to_unsigned(PyObject* o, site const& s, int bits) {
  if(!is_integer_object(o)) throw_conversion(o, integer_name(bits, false), s);
  unsigned long long const v = PyLong_AsUnsignedLongLong(o);
  if(PyErr_Occurred() || (bits < 64 && v >> bits)) {
    PyErr_Clear();
    throw_conversion(o, integer_name(bits, false), s);
  }
  return v;
}

double to_double(PyObject* o, site const& s) {
  if(PyFloat_CheckExact(o)) return PyFloat_AS_DOUBLE(o);
  if(is_integer_object(o)) {
    double const v = PyLong_AsDouble(o);
    if(v == -1.0 && PyErr_Occurred()) throw py_error{};
    return v;
  }
  ref const number = ref::own(PyObject_CallOneArg(as_number, o)); // ratios and big decimals
  if(!PyFloat_Check(number.p)) throw_conversion(o, "a number", s);
  return PyFloat_AS_DOUBLE(number.p);
}

char to_char(PyObject* o, site const& s) {
  if(is_integer_object(o)) return static_cast<char>(to_signed(o, s, 8));
  ref const text = ref::own(PyObject_CallOneArg(char_text, o));
  Py_ssize_t size = 0;
  char const* const data = PyUnicode_Check(text.p) ? PyUnicode_AsUTF8AndSize(text.p, &size) : nullptr;
  if(!data || size != 1) {
    PyErr_Clear();
    throw_conversion(o, "a character that is one byte", s);
  }
  return data[0];
}

char const* to_cstring(PyObject* o, site const& s) {
  if(o == Py_None) return nullptr;
  if(!PyUnicode_Check(o)) throw_conversion(o, "a string", s);
  char const* const text = PyUnicode_AsUTF8(o);
  if(!text) throw py_error{};
  return text;
}

std::string_view to_text(PyObject* o, site const& s) {
  if(!PyUnicode_Check(o)) throw_conversion(o, "a string", s);
  Py_ssize_t size = 0;
  char const* const text = PyUnicode_AsUTF8AndSize(o, &size);
  if(!text) throw py_error{};
  return { text, static_cast<std::size_t>(size) };
}

void* to_pointer(PyObject* o, site const& s, type_info const* type) {
  if(o == Py_None) return nullptr;
  if(type && is_cpp_value(o) && as_value(o)->kind == 'b' && same_type(as_value(o)->type, type)
     && !content(as_value(o)).empty)
    return content(as_value(o)).pointer;
  std::string const wanted = type ? "nil or a box of " + without_worlds(type->view()) : "nil";
  throw_conversion(o, wanted.c_str(), s);
}

ref to_items(PyObject* o, site const& s) {
  ref items = ref::own(PyObject_CallOneArg(items_of, o));
  if(!PyTuple_Check(items.p)) throw_conversion(o, "a sequence", s);
  return items;
}

ref to_entries(PyObject* o, site const& s) {
  ref entries = ref::own(PyObject_CallOneArg(entries_of, o));
  if(!PyTuple_Check(entries.p)) throw_conversion(o, "a map", s);
  return entries;
}

std::int64_t number_signed(PyObject* o) { return PyLong_Check(o) ? PyLong_AsLongLong(o) : 0; }
std::uint64_t number_unsigned(PyObject* o) { return PyLong_Check(o) ? PyLong_AsUnsignedLongLongMask(o) : 0; }
double number_double(PyObject* o) { return PyFloat_Check(o) ? PyFloat_AS_DOUBLE(o) : PyLong_AsDouble(o); }

char const* string_operand(PyObject* o) {
  if(is_cpp_value(o)) return *static_cast<char const**>(object_of(o));
  holding const gil;
  return to_cstring(o, { "a C string", 0 });
}

// --- C++ to Lisp ---------------------------------------------------------------------------------

PyObject* text_to_lisp(char const* data, std::size_t size) {
  return PyUnicode_DecodeUTF8(data, static_cast<Py_ssize_t>(size), "replace");
}

PyObject* bool_to_lisp(bool v) {
  holding const gil;
  return kept(v ? Py_True : Py_False);
}

PyObject* signed_to_lisp(std::int64_t v) {
  holding const gil;
  return PyLong_FromLongLong(v);
}

PyObject* double_to_lisp(double v) {
  holding const gil;
  return PyFloat_FromDouble(v);
}

PyObject* cstring_to_lisp(char const* text) {
  holding const gil;
  return text ? text_to_lisp(text, std::char_traits<char>::length(text)) : Py_NewRef(Py_None);
}

PyObject* unsigned_to_lisp(std::uint64_t v) {
  holding const gil;
  PyObject* const number = PyLong_FromUnsignedLongLong(v);
  if(!number || v <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return number;
  PyObject* const big = PyObject_CallOneArg(make_bigint, number);
  Py_DECREF(number);
  return big;
}

PyObject* char_to_lisp(char c) {
  PyObject* const text = PyUnicode_DecodeLatin1(&c, 1, nullptr);
  if(!text) return nullptr;
  PyObject* const made = PyObject_CallOneArg(make_char, text);
  Py_DECREF(text);
  return made;
}

PyObject* items_to_lisp(PyObject* list) {
  PyObject* const made = PyObject_CallOneArg(make_vector, list);
  Py_DECREF(list);
  return made;
}

PyObject* entries_to_lisp(PyObject* dict) {
  PyObject* const made = PyObject_CallOneArg(make_map, dict);
  Py_DECREF(dict);
  return made;
}

ref match_exception(PyObject* capsule, void* matcher) {
  using match = cpp_value* (*)(std::exception_ptr const&);
  auto const* const caught = static_cast<std::exception_ptr*>(PyCapsule_GetPointer(capsule, exception_capsule));
  if(!caught) raise();
  struct matching {
    match matches;
    std::exception_ptr const* exception;
    cpp_value* found;
  } m{ reinterpret_cast<match>(matcher), caught, nullptr };
  auto const run = [](void* argument) {
    auto* const m = static_cast<matching*>(argument);
    m->found = m->matches(*m->exception);
  };
  if(!call_guarded(run, &m)) raise();
  cpp_value* const v = m.found;
  if(!v) return ref::share(Py_None);
  v->place = Py_NewRef(capsule);
  return ref::own(reinterpret_cast<PyObject*>(v));
}

// --- exceptions ----------------------------------------------------------------------------------

namespace {

struct said {
  std::exception const* e;
  std::string text;
};
void ask(void* argument) {
  auto& what = *static_cast<said*>(argument);
  what.text = what.e->what();
}

} // namespace

void set_python_error() noexcept {
  try {
    throw;
  } catch(py_error const&) {
    if(!PyErr_Occurred()) PyErr_SetString(PyExc_SystemError, "a Lisp error without an exception");
  } catch(std::exception const& e) {
    said what{ &e, {} };
    if(run_guarded(ask, &what) != guarded_outcome::fine) { // a fault is an event already
      PyErr_Clear();
      what.text = "(its what() failed)";
    }
    set_cpp_exception(what.text.c_str(), demangled(typeid(e)));
  } catch(...) {
    std::type_info const* const type = abi::__cxa_current_exception_type();
    set_cpp_exception(thrown_text().c_str(), type ? demangled(*type) : "unknown");
  }
}

void raise() {
  if(PyErr_Occurred() && cpp_exception && PyErr_ExceptionMatches(cpp_exception)) {
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject* const capsule = PyObject_GetAttrString(value, "capsule");
    if(capsule && PyCapsule_IsValid(capsule, exception_capsule)) {
      std::exception_ptr const exception =
        *static_cast<std::exception_ptr*>(PyCapsule_GetPointer(capsule, exception_capsule));
      Py_DECREF(capsule);
      Py_XDECREF(type);
      if(trace) PyException_SetTraceback(value, trace);
      Py_XDECREF(trace);
      carry(exception, value);
      std::rethrow_exception(exception);
    }
    Py_XDECREF(capsule);
    PyErr_Restore(type, value, trace);
  }
  throw py_error{};
}

void set_wrong_thread(PyObject* signature) noexcept { PyErr_SetObject(wrong_thread, signature); }

PyObject* call_beside(stub* s, PyObject* const* args) {
  if(s->ui_only) {
    set_wrong_thread(s->signature);
    throw py_error{};
  }
  within_call const here;
  if(s->keeps_gil) return s->body(args);
  outside const without_gil;
  return s->body(args);
}

std::unique_lock<std::mutex> hold_submissions() { return std::unique_lock(submissions_lock); }

bool answers_of(std::uint64_t id, answer const*& first, std::size_t& count) {
  auto const found = submissions.find(id);
  if(found == submissions.end()) return false;
  first = static_cast<answer const*>(found->second.data);
  count = found->second.count;
  return true;
}

int submit(std::uint64_t id, void const* data, std::size_t count) {
  std::lock_guard const guard(submissions_lock);
  submissions[id] = { data, count };
  return 0;
}

bool init_interop(PyObject* module) {
  value_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&value_spec));
  stub_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&stub_spec));
  stub_call_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&stub_call_spec));
  return value_type && stub_type && stub_call_type
    && PyModule_AddObjectRef(module, "StubCall", reinterpret_cast<PyObject*>(stub_call_type)) == 0
    && PyModule_AddObjectRef(module, "CppValue", reinterpret_cast<PyObject*>(value_type)) == 0
    && PyModule_AddObjectRef(module, "Stub", reinterpret_cast<PyObject*>(stub_type)) == 0
    && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace ts
