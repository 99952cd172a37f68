// Tier 0: `try`.
#include "../compiled.hpp"
#include "builder.hpp"

namespace ts::tier0 {

namespace {

enum : int { any_value, lisp_value, cpp_value_ }; // what a clause catches

struct clause {
  int kind;
  PyObject* matches; // a tuple of classes, or the stub that is a matcher
  int slot;
  node const* handler;
};

// Python's error as an object with its traceback, in which the activation has its place.
PyObject* take_traced(frame& f) noexcept {
  leave(f);
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  PyErr_NormalizeException(&type, &error, &trace);
  if(trace) PyException_SetTraceback(error, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  Py_XSETREF(f.traced, Py_NewRef(error));
  f.place = -1;
  return error;
}

void set_again(PyObject* error) noexcept {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
}

struct try_node final : node {
  node const* inner;
  clause const* clauses;
  int count;
  node const* at_end; // `finally`, may be null
  value run(frame& f) const noexcept override {
    value const result = guarded(f);
    return at_end ? finish(f, result) : result;
  }
  value guarded(frame& f) const noexcept {
    value const result = inner->run(f);
    if(__builtin_expect(result.kind != value::failed || !count, 1)) return result;
    return caught(f);
  }
  [[gnu::noinline]] value caught(frame& f) const noexcept {
    int const place = f.place;
    PyObject* const error = take_traced(f);
    node const* handler = nullptr;
    if(PyObject_TypeCheck(error, reinterpret_cast<PyTypeObject*>(PyExc_Exception))) {
      try {
        handler = handler_of(f, error);
      } catch(...) {
        set_python_error();
        Py_DECREF(error);
        return value::failure();
      }
    }
    if(!handler) {
      set_again(error);
      f.place = place;
    }
    Py_DECREF(error);
    return handler ? handler->run(f) : value::failure();
  }
  // The clause that takes the error, which is bound then; null where none does.
  node const* handler_of(frame& f, PyObject* error) const {
    ref const thrown = thrown_value(ref::share(error));
    for(int i = 0; i < count; ++i) {
      clause const& c = clauses[i];
      ref bound = thrown;
      if(c.kind == lisp_value && !is_instance(thrown.p, c.matches)) continue;
      if(c.kind == cpp_value_) {
        PyObject* const capsule = PyObject_GetAttrString(error, "capsule");
        if(!capsule) { // a Lisp error
          PyErr_Clear();
          continue;
        }
        ref const held = ref::own(capsule);
        bound = match_exception(capsule, reinterpret_cast<void*>(reinterpret_cast<stub*>(c.matches)->body));
        if(bound.p == Py_None) continue;
      }
      std::exchange(f.slots[c.slot], value::own(bound.release())).drop();
      return c.handler;
    }
    return nullptr;
  }
  [[gnu::noinline]] value finish(frame& f, value result) const noexcept {
    int const place = f.place;
    PyObject* const error = result.kind == value::failed ? take_traced(f) : nullptr;
    f.place = -1;
    value const done = at_end->run(f);
    if(done.stopped()) {
      Py_XDECREF(error);
      if(!error) result.drop();
      return value::failure();
    }
    done.drop();
    if(!error) return result;
    set_again(error);
    Py_DECREF(error);
    f.place = place;
    return value::failure();
  }
};

int kind_of(PyObject* text) noexcept {
  if(PyUnicode_CompareWithASCIIString(text, "any") == 0) return any_value;
  return PyUnicode_CompareWithASCIIString(text, "lisp") == 0 ? lisp_value : cpp_value_;
}

node const* make_try(builder& b, PyObject* r) {
  auto* const n = b.make<try_node>();
  n->inner = b.build(field(r, 0));
  PyObject* const catches = field(r, 1);
  auto* const all = b.array<clause>(length(catches));
  for(Py_ssize_t i = 0; i < length(catches); ++i) {
    PyObject* const c = field(catches, i);
    all[i] = { kind_of(field(c, 0)), b.hold(field(c, 1)), number(field(c, 2)), b.build(field(c, 3)) };
  }
  n->clauses = all;
  n->count = static_cast<int>(length(catches));
  n->at_end = none(field(r, 2)) ? nullptr : b.build(field(r, 2));
  return n;
}

} // namespace

named_rule const exception_rules[] = { { "Try", make_try }, { {}, nullptr } };

} // namespace ts::tier0
