// The compiled side of calls.hpp.
#include "calls.hpp"
#include "fault.hpp"
#include "module.hpp"
#include <ctime>

namespace ts {

unsigned long tracked_thread = 0;
PyObject* call_observer = nullptr;

namespace {

constexpr std::uint64_t failures_told = 16; // so many failed guards are reported together

PyObject* make_tracked = nullptr; // Python: code -> None, which gives it its `tracked` arities
std::size_t running = 0; // calls of compiled code that are on some thread's stack; changed with the GIL held

std::uint64_t now_ns() noexcept {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

PyObject* run_compiled(native_entry entry, fn* self, PyObject* const* args, Py_ssize_t count) {
  struct counted {
    counted() noexcept { ++running; }
    ~counted() { --running; }
  } const here;
  if(!guarding) return entry(self, args, count);
  guard g(my_thread()); // for what is not guarded by itself: a native local's end, arithmetic
  if(__builtin_expect(ts_arm_here(&g, any_site()), 0)) landed(g);
  return entry(self, args, count);
}

PyObject* interpret_usual(fn* self, PyObject* const* args, Py_ssize_t count) {
  if(PyTuple_GET_SIZE(self->shared->arities) == 0) // it was compiled on definition
    ref::own(PyObject_CallMethod(reinterpret_cast<PyObject*>(self->shared), "become_interpretable", nullptr));
  return tier0::interpret(self, args, count, self->shared->arities, true);
}

// A function that calls C++, on a thread other than the window's.
PyObject* run_beside(fn* self, PyObject* const* args, Py_ssize_t count) {
  struct kept {
    bool const keeps;
    explicit kept(bool keeps) noexcept : keeps(keeps) { keeping += keeps; }
    ~kept() { keeping -= keeps; }
  };
  code* const shared = self->shared;
  kept const gil(shared->beside & keeps_gil);
  bool const compiled = !(shared->beside & draws) && (keeping || !(shared->beside & calls_cpp));
  if(native_entry const entry = shared->native; entry && compiled) {
    within_call const here;
    return run_compiled(entry, self, args, count);
  }
  return interpret_usual(self, args, count);
}

PyObject* interpret_tracked(fn* self, PyObject* const* args, Py_ssize_t count) {
  if(call_observer) return interpret_usual(self, args, count);
  if(!self->shared->tracked)
    ref::own(PyObject_CallOneArg(make_tracked, reinterpret_cast<PyObject*>(self->shared)));
  ref const arities = ref::share(self->shared->tracked);
  return tier0::interpret(self, args, count, arities.p, true);
}

} // namespace

PyObject* run(fn* self, PyObject* const* args, Py_ssize_t count) noexcept {
  try {
    check_stack();
    if(__builtin_expect(tracked_thread != 0, 0) && PyThread_get_thread_ident() == tracked_thread)
      return interpret_tracked(self, args, count);
    if(self->shared->beside && beside()) return run_beside(self, args, count);
    if(native_entry const entry = self->shared->native) return run_compiled(entry, self, args, count);
    return tier0::interpret(self, args, count, self->shared->arities, false);
  } catch(...) {
    set_python_error();
    return nullptr;
  }
}

void observe_call(PyObject* span, PyObject* function) noexcept {
  if(PyThread_get_thread_ident() != tracked_thread) return;
  PyObject* const done = PyObject_CallFunctionObjArgs(call_observer, span ? span : Py_None, function, nullptr);
  if(!done) PyErr_Clear(); // it only looks
  Py_XDECREF(done);
}

bool tell_hot(code* shared) noexcept {
  shared->hot_at = ~std::uint64_t{ 0 };
  if(!shared->hot) return true;
  PyObject* const done = PyObject_CallOneArg(shared->hot, reinterpret_cast<PyObject*>(shared));
  Py_XDECREF(done);
  return done;
}

sample::sample(code* shared) noexcept : shared_(shared), start_(now_ns()) {
  Py_INCREF(reinterpret_cast<PyObject*>(shared));
}

sample::~sample() {
  shared_->timed_ns += now_ns() - start_;
  if(++shared_->timed_calls >= 64) { // forget slowly: the mean follows tier changes
    shared_->timed_calls /= 2;
    shared_->timed_ns /= 2;
  }
  Py_DECREF(reinterpret_cast<PyObject*>(shared_));
}

PyObject* fn_vectorcall(PyObject* callable, PyObject* const* args, std::size_t flags, PyObject* names) {
  fn* const self = reinterpret_cast<fn*>(callable);
  Py_ssize_t const count = PyVectorcall_NARGS(flags);
  if(names && PyTuple_GET_SIZE(names)) {
    PyErr_SetString(PyExc_TypeError, "Lisp functions take no keyword arguments");
    return nullptr;
  }
  if(!count_call(self->shared)) return nullptr;
  if(!sampled(self->shared)) return run(self, args, count);
  sample const timed(self->shared);
  return run(self, args, count);
}

PyObject* guard_failed(fn* self, PyObject* const* args, Py_ssize_t count) noexcept {
  code* const shared = self->shared;
  try {
    ref const held = ref::share(reinterpret_cast<PyObject*>(self)); // the hook may redefine it
    if(++shared->guard_failures % failures_told == 0 && shared->failed)
      ref::own(PyObject_CallOneArg(shared->failed, reinterpret_cast<PyObject*>(shared)));
    return tier0::interpret(self, args, count, self->shared->arities, true);
  } catch(...) {
    set_python_error();
    return nullptr;
  }
}

namespace {

PyObject* track(PyObject*, PyObject* args) {
  unsigned long thread;
  PyObject* maker;
  if(!PyArg_ParseTuple(args, "kO", &thread, &maker)) return nullptr;
  Py_XSETREF(make_tracked, Py_NewRef(maker));
  tracked_thread = thread;
  Py_RETURN_NONE;
}

PyObject* observe(PyObject*, PyObject* observer) {
  if(observer == Py_None) {
    Py_CLEAR(call_observer);
    tracked_thread = 0;
    Py_RETURN_TRUE;
  }
  if(tracked_thread) Py_RETURN_FALSE;
  Py_XSETREF(call_observer, Py_NewRef(observer));
  tracked_thread = PyThread_get_thread_ident();
  Py_RETURN_TRUE;
}

PyObject* compiled_running(PyObject*, PyObject*) { return PyLong_FromSize_t(running); }

PyMethodDef functions[] = {
  { "compiled_running", compiled_running, METH_NOARGS,
    "how many calls of compiled functions are on the stacks of all threads; 0 means that none is" },
  { "observe", observe, METH_O,
    "(span or None, function -> None): called after each stub, all functions on this thread run in tier 0 meanwhile; "
    "None ends it. False where another thread is tracked now." },
  { "track", track, METH_VARARGS,
    "(thread, code -> None): functions called on that thread run their `tracked` arities; thread 0 ends it" },
  {}
};

} // namespace

bool init_calls(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace ts
