// Tier 0: activations of functions, their places in stack traces, and what a thread owes to others meanwhile.
#include "../calls.hpp"
#include "builder.hpp"
#include <frameobject.h>

namespace ts::tier0 {

namespace {

constexpr std::uint32_t between_pulses = 1024; // calls and rounds
constexpr int no_place = 1 << 30;              // an index that no table of places has

// An entry of a traceback whose line is the index of a place; traces.py reads it.
void add_to_traceback(body const* code, int place) noexcept {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  char const* const name = PyUnicode_AsUTF8(code->name);
  PyCodeObject* const made = name ? PyCode_NewEmpty("tier 0", name, place < 0 ? no_place : place) : nullptr;
  PyFrameObject* const entry = made ? PyFrame_New(PyThreadState_Get(), made, code->places, nullptr) : nullptr;
  PyErr_Restore(type, error, trace); // in the place of what went wrong here
  if(entry) PyTraceBack_Here(entry);
  Py_XDECREF(entry);
  Py_XDECREF(made);
}

PyObject* result_of(value v) noexcept { return v.kind == value::failed ? nullptr : v.boxed(); }

PyObject* pulse_hook = nullptr; // Python: () -> None, interpreted by Python

// A call of a function that runs in tier 0 and whose arguments are values.
value enter(fn* self, value* args, int count) noexcept {
  body* const code = arity_for(self->shared->arities, count);
  if(!code || !has_room(code)) {
    pending given(args);
    given.count = count;
    if(!code) wrong_arity(self, count);
    return value::failure();
  }
  keeping_alive const held(code);
  value* const slots = TS_VALUES(code->size);
  for(int i = 0; i < code->params; ++i) slots[i] = args[i];
  if(code->variadic) {
    value const rest = guarded_value([&] { return rest_of(args, code->params, count); });
    if(rest.stopped()) {
      for(int i = 0; i < code->params; ++i) slots[i].drop();
      return rest;
    }
    slots[code->params] = rest;
  }
  return activate(code, self, slots);
}

// A call of a function in whichever tier.
value call_fn(fn* self, value* args, int count) noexcept {
  if(runs_in_tier_0(self->shared)) return enter(self, args, count);
  auto** const objects = static_cast<PyObject**>(
    __builtin_alloca((static_cast<std::size_t>(count) + 1) * sizeof(PyObject*)));
  pending given(args);
  given.count = count;
  for(int i = 0; i < count; ++i) {
    objects[i] = args[i].boxed();
    args[i] = objects[i] ? value::own(objects[i]) : value::of(std::int64_t{ 0 });
    if(!objects[i]) return value::failure();
  }
  return value::own(ts::run(self, objects, count));
}

} // namespace

value call_counted(fn* self, value* args, int count) noexcept {
  if(!sampled(self->shared)) return call_fn(self, args, count);
  sample const timed(self->shared);
  return call_fn(self, args, count);
}

std::uint32_t beats = between_pulses;

bool pulse() noexcept {
  beats = between_pulses;
  if(!pulse_hook) return true;
  PyObject* const done = PyObject_CallNoArgs(pulse_hook);
  Py_XDECREF(done);
  return done;
}

bool next_round(frame&) noexcept {
  if(attention_wanted()) {
    try {
      attend();
    } catch(...) {
      set_python_error();
      return false;
    }
  }
  return beat();
}

std::uint8_t kind_of_object(PyObject* o) noexcept {
  if(PyLong_CheckExact(o)) return saw_int;
  if(PyFloat_CheckExact(o)) return saw_double;
  return PyBool_Check(o) ? saw_bool : saw_other;
}

namespace {

constexpr int counted_every = 1024; // rounds

// A function that goes round is as hot as one with a loop: `rounds` more. False with the error set.
bool count_rounds(code* shared, std::uint64_t rounds) noexcept {
  shared->loops += rounds;
  return shared->calls + shared->loops / loop_weight < shared->hot_at || tell_hot(shared);
}

// The next round as a call of the function's compiled code, where there is some by now; false where there is not.
bool goes_on_compiled(frame& f, value& result) noexcept {
  body const* const code = f.code;
  ts::code* const shared = f.self->shared;
  if(!shared->native || f.stays || code->variadic || tracked_thread || (shared->beside && beside())) return false;
  auto** const objects = static_cast<PyObject**>(
    __builtin_alloca((static_cast<std::size_t>(code->params) + 1) * sizeof(PyObject*)));
  result = value::failure();
  for(int i = 0; i < code->params; ++i) {
    objects[i] = f.slots[i].boxed();
    f.slots[i] = objects[i] ? value::own(objects[i]) : value::of(std::int64_t{ 0 });
    if(!objects[i]) return true;
  }
  result = value::own(ts::run(f.self, objects, code->params));
  if(result.kind == value::failed && !f.traced) { // its activation is this one's
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    f.traced = Py_XNewRef(error);
    PyErr_Restore(type, error, trace);
  }
  return true;
}

} // namespace

value more_rounds(frame& f) noexcept {
  for(std::uint64_t done = 1;; ++done) {
    if(!next_round(f)) return f.failed(f.code->place);
    if(done % counted_every == 0 && f.self) {
      value result;
      see(f.self->shared, f.slots, f.code->params);
      if(!count_rounds(f.self->shared, counted_every)) return f.failed(f.code->place);
      if(goes_on_compiled(f, result)) return result;
    }
    value const result = f.code->root->run(f);
    if(result.kind == value::recur) continue;
    if(f.self) f.self->shared->loops += done % counted_every;
    return result;
  }
}

bool stack_ends(std::size_t needed) noexcept {
  try {
    check_stack_slow(needed);
    return false;
  } catch(...) {
    set_python_error();
    return true;
  }
}

// The error is kept aside: what the frame lets go of may run anything.
void end_failed(frame& f) noexcept {
  leave(f);
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  for(int i = f.code->size; i-- > 0;) f.slots[i].drop();
  PyErr_Restore(type, error, trace);
}

void leave(frame& f) noexcept {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  bool const known = error && error == f.traced;
  PyErr_Restore(type, error, trace);
  if(!known) add_to_traceback(f.code, f.place);
}

value rest_of(value* values, int from, int count) {
  auto** const objects = static_cast<PyObject**>(
    __builtin_alloca((static_cast<std::size_t>(count) + 1) * sizeof(PyObject*)));
  pending given(values + from);
  given.count = count > from ? count - from : 0;
  for(int i = from; i < count; ++i) {
    objects[i] = values[i].boxed();
    values[i] = objects[i] ? value::own(objects[i]) : value::of(std::int64_t{ 0 });
    if(!objects[i]) throw py_error{};
  }
  return value::own(rest_args(objects, from, count).release());
}

PyObject* interpret(fn* self, PyObject* const* args, Py_ssize_t count, PyObject* arities, bool stays) noexcept {
  body* const code = arity_for(arities, count);
  if(!code) return wrong_arity(self, count);
  if(!has_room(code)) return nullptr;
  keeping_alive const held(code);
  value* const slots = TS_VALUES(code->size);
  if(code->variadic) {
    slots[code->params] = guarded_value([&] { return value::own(rest_args(args, code->params, count).release()); });
    if(slots[code->params].stopped()) return nullptr;
  }
  for(int i = 0; i < code->params; ++i) slots[i] = value::share(args[i]);
  return result_of(activate(code, self, slots, stays));
}

value call_value(PyObject* callee, value* args, int count) noexcept {
  if(Py_TYPE(callee) == fn_type) {
    auto* const f = reinterpret_cast<fn*>(callee);
    if(count_call(f->shared)) return call_counted(f, args, count);
    pending given(args);
    given.count = count;
    return value::failure();
  }
  auto** const objects =
    static_cast<PyObject**>(__builtin_alloca((static_cast<std::size_t>(count) + 2) * sizeof(PyObject*))) + 1;
  pending given(args); // the callee may use the object before the first
  given.count = count;
  for(int i = 0; i < count; ++i) {
    objects[i] = args[i].boxed();
    args[i] = objects[i] ? value::own(objects[i]) : value::of(std::int64_t{ 0 });
    if(!objects[i]) return value::failure();
  }
  if(consumes(callee, count)) {
    PyObject* const list = PyList_New(count);
    if(!list) return value::failure();
    for(int i = 0; i < count; ++i) PyList_SET_ITEM(list, count - 1 - i, objects[i]);
    given.forget();
    PyObject* const result = consume(callee, list);
    Py_DECREF(list);
    return value::own(result);
  }
  if(PyCallable_Check(callee))
    return value::own(PyObject_Vectorcall(
      callee, objects, static_cast<std::size_t>(count) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr));
  return guarded_value([&] { return value::own(ts::call(callee, objects, count).release()); });
}

// A top-level form is a body that is called with nothing.
PyObject* call_form(PyObject* self, PyObject* args, PyObject* names) {
  auto* const code = reinterpret_cast<body*>(self);
  if(code->params || code->variadic || PyTuple_GET_SIZE(args) || (names && PyDict_GET_SIZE(names)))
    return PyErr_Format(PyExc_TypeError, "a form is called with no arguments");
  if(!has_room(code)) return nullptr;
  keeping_alive const held(code);
  return result_of(activate(code, nullptr, TS_VALUES(code->size)));
}

void set_pulse(PyObject* hook) noexcept { Py_XSETREF(pulse_hook, Py_NewRef(hook)); }

} // namespace ts::tier0
