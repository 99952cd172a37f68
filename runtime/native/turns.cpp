// The compiled side of turns.hpp.
#include "turns.hpp"
#include "callable.hpp"
#include "module.hpp"
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <unistd.h>
#include <vector>

namespace ts {

namespace {

constexpr auto patience = std::chrono::milliseconds(20);

std::mutex lock; // never held while waiting for the GIL
std::condition_variable ended;
std::uint64_t frame = 0;    // its number
bool drawing = false;       // or wanting to
std::vector<char**> aside;  // the stack limits of threads that stand aside
bool over = false;          // the program ends

// With the GIL held: what a thread that wants it waits before it asks for it, in seconds. Quickly while somebody computes
// beside the frames, but in the midst of a frame whoever draws keeps it as long as Python does.
constexpr double quickly = 1e-4;
double usual = 5e-3;
int computing = 0; // contexts of `runtime.gil.BesideFrames`

void set_interval(bool quick) noexcept {
  PyObject* const set = PySys_GetObject("setswitchinterval"); // borrowed
  PyObject* const done = set ? PyObject_CallFunction(set, "d", quick ? quickly : usual) : nullptr;
  if(!done) PyErr_Clear(); // there is memory for a float, or there is none for anything
  Py_XDECREF(done);
}

__thread int stands_aside = 0;             // how often this thread said so
__thread std::uint64_t waited_enough = 0;  // the frame for which it has no patience any more

void begin_frame() noexcept {
  std::lock_guard const held(lock);
  if(drawing || (aside.empty() && !__atomic_load_n(&computing, __ATOMIC_RELAXED))) return;
  drawing = true;
  ++frame;
  if(aside.empty()) return;
  __atomic_fetch_or(&attention, frame_wanted, __ATOMIC_RELAXED);
  for(char** const limit : aside) __atomic_store_n(limit, reinterpret_cast<char*>(UINTPTR_MAX), __ATOMIC_RELAXED);
}

void end_frame() noexcept {
  std::lock_guard const held(lock);
  if(!drawing) return;
  drawing = false;
  __atomic_fetch_and(&attention, ~frame_wanted, __ATOMIC_RELAXED);
  ended.notify_all();
}

void frame_begun() noexcept {
  if(drawing && computing) set_interval(false);
}

void frame_ended() noexcept {
  end_frame();
  if(computing) set_interval(true);
}

// What the thread that draws does meanwhile needs no GIL; it has the next turn.
template<class F> PyObject* between_frames(F const& work) {
  frame_ended();
  PyThreadState* const state = PyEval_SaveThread();
  work();
  begin_frame();
  PyEval_RestoreThread(state);
  frame_begun();
  Py_RETURN_NONE;
}

PyObject* wait_between_frames(PyObject*, PyObject* seconds) {
  double const s = PyFloat_AsDouble(seconds);
  if(PyErr_Occurred()) return nullptr;
  return between_frames([s] {
    timespec t{ static_cast<time_t>(s), static_cast<long>((s - static_cast<double>(static_cast<time_t>(s))) * 1e9) };
    if(s > 0) nanosleep(&t, nullptr);
  });
}

PyObject* call_between_frames(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2) return wrong_arity("call_between_frames", n);
  auto const function = reinterpret_cast<void (*)(void*)>(PyLong_AsVoidPtr(a[0]));
  void* const argument = PyLong_AsVoidPtr(a[1]);
  if(PyErr_Occurred()) return nullptr;
  return between_frames([=] { function(argument); });
}

PyObject* python_begin_frame(PyObject*, PyObject*) {
  begin_frame();
  frame_begun();
  Py_RETURN_NONE;
}

PyObject* python_end_frame(PyObject*, PyObject*) {
  frame_ended();
  Py_RETURN_NONE;
}

PyObject* stand_aside(PyObject*, PyObject*) {
  return guarded([] {
    check_stack(); // finds out where the stack ends
    if(stands_aside++ == 0) {
      std::lock_guard const held(lock);
      aside.push_back(&stack_limit);
    }
    return ref::share(Py_None);
  });
}

PyObject* stand_no_more(PyObject*, PyObject*) {
  if(--stands_aside == 0) {
    std::lock_guard const held(lock);
    std::erase(aside, &stack_limit);
  }
  Py_RETURN_NONE;
}

PyObject* end_threads(PyObject*, PyObject*) {
  __atomic_store_n(&over, true, __ATOMIC_RELAXED);
  __atomic_fetch_or(&attention, frame_wanted, __ATOMIC_RELAXED);
  std::lock_guard const held(lock);
  for(char** const limit : aside) __atomic_store_n(limit, reinterpret_cast<char*>(UINTPTR_MAX), __ATOMIC_RELAXED);
  Py_RETURN_NONE;
}

PyObject* anybody_aside(PyObject*, PyObject*) {
  std::lock_guard const held(lock);
  return PyBool_FromLong(!aside.empty());
}

PyObject* begin_computing(PyObject*, PyObject*) {
  if(computing++ == 0) {
    PyObject* const get = PySys_GetObject("getswitchinterval");
    PyObject* const interval = get ? PyObject_CallNoArgs(get) : nullptr;
    if(!interval) return --computing, nullptr;
    usual = PyFloat_AsDouble(interval);
    Py_DECREF(interval);
    if(!drawing) set_interval(true);
  }
  Py_RETURN_NONE;
}

PyObject* end_computing(PyObject*, PyObject*) {
  if(--computing == 0) set_interval(false);
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "wait_between_frames", wait_between_frames, METH_O,
    "(seconds): wait; those that stand aside go on meanwhile, and do not from its end" },
  { "call_between_frames", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call_between_frames)),
    METH_FASTCALL, "(address of a C function, address that it takes): call it; otherwise as wait_between_frames" },
  { "begin_frame", python_begin_frame, METH_NOARGS, "those that stand aside do so from now on" },
  { "end_frame", python_end_frame, METH_NOARGS, "those that stand aside go on" },
  { "stand_aside", stand_aside, METH_NOARGS, "this thread lets frames have their turn" },
  { "stand_no_more", stand_no_more, METH_NOARGS, "the end of what stand_aside began" },
  { "begin_computing", begin_computing, METH_NOARGS, "other threads get the GIL back quickly, but for frames" },
  { "end_computing", end_computing, METH_NOARGS, "the end of what begin_computing began" },
  { "end_threads", end_threads, METH_NOARGS, "the program ends: threads that stand aside stay there" },
  { "anybody_aside", anybody_aside, METH_NOARGS, "whether any thread lets frames have their turn" },
  {}
};

} // namespace

void wait_for_turn() noexcept {
  if(!stands_aside || !(__atomic_load_n(&attention, __ATOMIC_RELAXED) & frame_wanted)) return;
  while(__atomic_load_n(&over, __ATOMIC_RELAXED)) pause();
  std::unique_lock held(lock);
  std::uint64_t const now = frame;
  if(!drawing || waited_enough == now) return;
  if(!ended.wait_for(held, patience, [now] { return !drawing || frame != now; })) waited_enough = now;
}

void give_way() noexcept {
  if(!stands_aside || !(__atomic_load_n(&attention, __ATOMIC_RELAXED) & frame_wanted)) return;
  if(__atomic_load_n(&frame, __ATOMIC_RELAXED) == waited_enough && !__atomic_load_n(&over, __ATOMIC_RELAXED)) return;
  PyThreadState* const state = PyEval_SaveThread();
  wait_for_turn();
  PyEval_RestoreThread(state);
}

bool init_turns(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace ts
