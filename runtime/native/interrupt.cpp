// The watchdog, what it knows of each thread, and what a thread does that attends.
#include "interrupt.hpp"
#include "callable.hpp"
#include "function.hpp"
#include "gil.hpp"
#include "module.hpp"
#include "turns.hpp"
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace ts {

std::uint32_t attention = 0;

namespace {

using ns = std::int64_t;
constexpr ns millisecond = 1'000'000;
constexpr std::uint32_t breath_wanted = 1, stop_wanted = 2; // bits of `attention`

// What a thread that nothing reaches costs: the watchdog's period while calls are short, and while one is long.
constexpr ns lazy_period = 5 * millisecond, busy_period = 1 * millisecond;
constexpr ns long_call = 2 * millisecond;
constexpr ns memory_period = 20 * millisecond;
constexpr ns reminder_period = 20 * millisecond;
constexpr ns escape_after = 250 * millisecond; // of silence, until the escape signal is sent, and between two of them
constexpr ns sleep_after = 1'000 * millisecond; // with nothing to watch
constexpr ns noticeable = 200 * millisecond;    // a call that runs so long is what Ctrl-C means
// A thread that is seen so often, one look after the other, to compute in C++ without the GIL comes after the main
// thread from then on, by so many steps of nice(2). With two of them busy on two cores the scheduler took the one that
// draws off its core in the midst of a frame, for a tick of 4 ms. Those that have the GIL now and then hold nobody up
// but each other, and must not be kept from giving it back.
constexpr int long_outside = 10, lower = 10, lowest = 19;
constexpr ns least_grace = 250 * millisecond, grace_without_limit = 1'000 * millisecond;

// Why a thread is asked to stop, as Python's `Reason` numbers them.
enum reason : int { nothing = 0, too_long = 1, too_much_memory = 2, by_user = 3, by_end = 4 };

struct watch {
  ns start, limit;           // limit 0: none
  std::int64_t memory;       // bytes of growth; 0: no limit
  std::int64_t memory_start; // -1: not measured yet
  ns stopped_at;             // of the clock; 0 while it runs
  int token;
  int again = nothing; // why it was asked to stop before, for what swallowed that to be asked once more
};

struct record {
  pthread_t thread;
  bool is_main;
  char** limit_slot;
  pid_t number; // of the system's
  void* const* outside; // see given_up_here
  std::vector<watch> watches;
  int asked = nothing, last = nothing;
  ns asked_at = 0, reminded_at = 0, escaped_at = 0;
  double last_limit = 0;
  int seen_outside = 0;   // in looks
  bool delivered = false; // an exception is on its way by Python's means
};

// Never destroyed: the watchdog still waits for them when the process ends.
std::mutex& lock = *new std::mutex; // of all that follows; never held while waiting for the GIL
std::vector<record*>& records = *new std::vector<record*>;
std::condition_variable& woken = *new std::condition_variable;
bool asleep = false, started = false;
int to_deliver = -1;                  // an eventfd: somebody was asked to stop
int signal_bytes = -1;                // where Python's C handler writes the numbers of signals
int interrupted_by_signal = 0;        // threads that the last signals asked
PyObject* make_interrupted = nullptr; // Python: () -> the exception of this thread

struct own_record {
  record* r = nullptr;
  ~own_record() {
    if(!r) return;
    std::lock_guard const held(lock);
    std::erase(records, r);
    delete r;
  }
};
thread_local own_record own;

ns now() noexcept {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

std::int64_t resident_bytes() noexcept {
  static int const file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  static long const page = sysconf(_SC_PAGESIZE);
  char text[128];
  ssize_t const size = file < 0 ? -1 : pread(file, text, sizeof text - 1, 0);
  if(size <= 0) return 0;
  text[size] = 0;
  long total = 0, resident = 0;
  return std::sscanf(text, "%ld %ld", &total, &resident) == 2 ? resident * page : 0;
}

void poison(record const& r) noexcept {
  __atomic_store_n(r.limit_slot, reinterpret_cast<char*>(UINTPTR_MAX), __ATOMIC_RELAXED);
}

// With the lock held.
void ask(record& r, int why, ns at) noexcept {
  if(r.asked == nothing || why > r.asked) r.asked = why;
  if(!r.asked_at) r.asked_at = r.escaped_at = at;
  r.reminded_at = 0;
  __atomic_fetch_or(&attention, stop_wanted, __ATOMIC_RELAXED);
  poison(r);
}

void forget_request(record& r) noexcept {
  r.asked = nothing;
  r.asked_at = 0;
  for(record const* other : records)
    if(other->asked != nothing) return;
  __atomic_fetch_and(&attention, ~stop_wanted, __ATOMIC_RELAXED);
}

void remind(record& r, ns at) noexcept {
  poison(r);
  if(at - r.reminded_at >= reminder_period) {
    r.reminded_at = at;
    if(r.is_main) pthread_kill(r.thread, SIGRTMIN + attend_signal);
    if(to_deliver >= 0) {
      std::uint64_t const one = 1;
      (void)!write(to_deliver, &one, sizeof one);
    }
  }
  if(at - r.escaped_at >= escape_after) {
    r.escaped_at = at;
    pthread_kill(r.thread, SIGRTMIN + escape_signal);
  }
}

void read_signals(ns at) noexcept {
  unsigned char numbers[64];
  ssize_t const size = signal_bytes < 0 ? 0 : read(signal_bytes, numbers, sizeof numbers);
  for(ssize_t i = 0; i < size; ++i) {
    if(numbers[i] != SIGINT && numbers[i] != SIGTERM) continue;
    for(record* r : records) {
      if(r->watches.empty() || (numbers[i] == SIGINT && at - r->watches.front().start < noticeable)) continue;
      ask(*r, numbers[i] == SIGINT ? by_user : by_end, at);
      ++interrupted_by_signal;
    }
  }
}

// Once for a thread: without privileges none gets a priority back. What it starts inherits it. Where a sandbox forbids
// it, all stays as it is.
void lower_priority(record& r) noexcept {
  if(r.seen_outside >= long_outside) return;
  r.seen_outside = __atomic_load_n(r.outside, __ATOMIC_RELAXED) ? r.seen_outside + 1 : 0;
  if(r.seen_outside == long_outside) {
    int const main_thread = getpriority(PRIO_PROCESS, static_cast<id_t>(getpid())); // Linux has one for each thread
    setpriority(PRIO_PROCESS, static_cast<id_t>(r.number), std::min(main_thread + lower, lowest));
  }
}

// One look at everything; whether a call runs that others may have to wait for, and whether there is any.
struct seen { bool any, busy; };
seen look(ns at, bool measure) {
  seen found{ false, false };
  std::int64_t const resident = measure ? resident_bytes() : 0;
  for(record* r : records) {
    if(r->watches.empty()) continue;
    watch& w = r->watches.back();
    found.any = true;
    lower_priority(*r);
    ns const elapsed = at - w.start;
    if(at - r->watches.front().start >= long_call) {
      found.busy = true;
      poison(*r);
    }
    if(!w.stopped_at && w.limit && elapsed >= w.limit && r->asked == nothing)
      ask(*r, w.again == nothing ? too_long : w.again, at);
    if(measure && w.memory) {
      if(w.memory_start < 0 || resident < w.memory_start) w.memory_start = resident;
      if(resident - w.memory_start > w.memory && r->asked == nothing) {
        ask(*r, too_much_memory, at);
        w.memory_start = resident;
      }
    }
    if(r->asked != nothing) remind(*r, at);
  }
  return found;
}

void guard_all() {
  sigset_t all; // signals are for threads that know what to do with them
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  // It wakes often, and is never in a hurry: not in the midst of a frame, after which the scheduler might go on with
  // somebody else. This is anybody's to ask for.
  sched_param const none{};
  sched_setscheduler(0, SCHED_BATCH, &none);
  ns last_measure = 0, last_call = now();
  std::unique_lock held(lock);
  while(true) {
    ns const at = now();
    read_signals(at);
    bool const measure = at - last_measure >= memory_period;
    if(measure) last_measure = at;
    seen const found = look(at, measure);
    if(found.any) last_call = at;
    if(found.busy) __atomic_fetch_or(&attention, breath_wanted, __ATOMIC_RELAXED);
    if(at - last_call > sleep_after) {
      asleep = true;
      woken.wait(held, [] { return !asleep; });
      last_call = now();
    } else {
      held.unlock();
      std::this_thread::sleep_for(std::chrono::nanoseconds(found.busy ? busy_period : lazy_period));
      held.lock();
    }
  }
}

// The record of this thread, made at its first watched call.
record& here() {
  if(own.r) return *own.r;
  check_stack(); // finds out where the stack ends
  auto* const r = new record{ pthread_self(), getpid() == gettid(), &stack_limit, gettid(), given_up_here(), {} };
  std::lock_guard const held(lock);
  records.push_back(r);
  own.r = r;
  return *r;
}

} // namespace

bool asked_to_stop() noexcept { return own.r && __atomic_load_n(&own.r->asked, __ATOMIC_RELAXED) != nothing; }

void raise_interrupted() {
  if(make_interrupted) {
    ref const made = ref::own(PyObject_CallNoArgs(make_interrupted));
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(made.get())), made.get());
  } else {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
  }
  throw py_error{};
}

void breathe() {
  give_way();
  __atomic_fetch_and(&attention, ~breath_wanted, __ATOMIC_RELAXED);
  if(asked_to_stop()) raise_interrupted();
  if(PyErr_CheckSignals() < 0) throw py_error{};
  Py_BEGIN_ALLOW_THREADS
  Py_END_ALLOW_THREADS
  if(asked_to_stop()) raise_interrupted();
}

void attend() {
  if((__atomic_load_n(&attention, __ATOMIC_RELAXED) & breath_wanted) || asked_to_stop()) breathe();
  else give_way();
}

namespace {

// --- what Python calls ---------------------------------------------------------------------------

// begin_watch(seconds, bytes) -> a number for end_watch, 0 where a limited call is watched already.
PyObject* begin_watch(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2) return wrong_arity("begin_watch", n);
  double const seconds = PyFloat_AsDouble(a[0]);
  std::int64_t const memory = PyLong_AsLongLong(a[1]);
  if(PyErr_Occurred()) return nullptr;
  return guarded([&] {
    record& r = here();
    if(!r.watches.empty() && (r.watches.back().limit || r.watches.back().memory || (seconds <= 0 && memory <= 0)))
      return ref::own(PyLong_FromLong(0));
    std::lock_guard const held(lock);
    int const token = static_cast<int>(r.watches.size()) + 1;
    r.watches.push_back({ now(), seconds > 0 ? static_cast<ns>(seconds * 1e9) : 0, memory, -1, 0, token });
    if(asleep) {
      asleep = false;
      woken.notify_one();
    }
    return ref::own(PyLong_FromLong(token));
  });
}

PyObject* end_watch(PyObject*, PyObject* token) {
  long const number = PyLong_AsLong(token);
  if(number == 0 || !own.r) Py_RETURN_NONE;
  record& r = *own.r;
  bool delivered;
  {
    std::lock_guard const held(lock);
    while(!r.watches.empty() && r.watches.back().token >= number) r.watches.pop_back();
    if(r.watches.empty() || r.asked == too_long || r.asked == too_much_memory) forget_request(r);
    delivered = std::exchange(r.delivered, false);
  }
  // What did not arrive in time would hit whatever comes next.
  if(delivered) PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), nullptr);
  Py_RETURN_NONE;
}

// stop_clock() -> whether it ran; start_clock() has it go on. Waiting for a compiler is not the script's time.
PyObject* stop_clock(PyObject*, PyObject*) {
  if(!own.r || own.r->watches.empty() || own.r->watches.back().stopped_at) Py_RETURN_FALSE;
  std::lock_guard const held(lock);
  own.r->watches.back().stopped_at = now();
  Py_RETURN_TRUE;
}

PyObject* start_clock(PyObject*, PyObject*) {
  if(!own.r || own.r->watches.empty()) Py_RETURN_NONE;
  std::lock_guard const held(lock);
  watch& w = own.r->watches.back();
  if(w.stopped_at) w.start += now() - w.stopped_at;
  w.stopped_at = 0;
  Py_RETURN_NONE;
}

// seconds_left() -> until this thread's limit; -1 without one.
PyObject* seconds_left(PyObject*, PyObject*) {
  double left = -1;
  if(own.r && !own.r->watches.empty()) {
    std::lock_guard const held(lock);
    watch const& w = own.r->watches.back();
    if(own.r->asked != nothing) left = 0;
    else if(w.limit) left = std::max(0.0, static_cast<double>(w.start + w.limit - now()) / 1e9);
  }
  return PyFloat_FromDouble(left);
}

// take_request() -> (reason, limit in seconds, bytes) of this thread: from here on it has as long again to clean up.
// Then it is asked once more: Python drops what is raised in a destructor or while it collects garbage.
PyObject* take_request(PyObject*, PyObject*) {
  if(!own.r) return Py_BuildValue("(idL)", int{ nothing }, 0.0, 0LL);
  std::lock_guard const held(lock);
  record& r = *own.r;
  int const why = r.asked != nothing ? r.asked : r.last;
  double limit = 0;
  long long memory = 0;
  if(!r.watches.empty()) {
    watch& w = r.watches.back();
    limit = static_cast<double>(w.limit) / 1e9;
    memory = w.memory;
    ns const grace = w.limit ? std::max(w.limit / 2, least_grace) : grace_without_limit;
    if(!w.limit) w.limit = grace;
    w.start = now() - w.limit + grace;
    w.memory_start = -1;
    w.again = why;
  }
  r.last = why;
  r.delivered = false;
  forget_request(r);
  return Py_BuildValue("(idL)", why, limit, memory);
}

// request(thread or None for all, reason) -> how many watched threads were asked.
PyObject* request(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2) return wrong_arity("request", n);
  unsigned long const thread = a[0] == Py_None ? 0 : PyLong_AsUnsignedLong(a[0]);
  int const why = static_cast<int>(PyLong_AsLong(a[1]));
  if(PyErr_Occurred()) return nullptr;
  long asked = 0;
  std::lock_guard const held(lock);
  for(record* r : records) {
    if(r->watches.empty() || (thread && static_cast<unsigned long>(r->thread) != thread)) continue;
    ask(*r, why, now());
    remind(*r, now());
    ++asked;
  }
  return PyLong_FromLong(asked);
}

// requested() -> the threads that were asked to stop and have not yet.
PyObject* requested(PyObject*, PyObject*) {
  std::vector<unsigned long> threads;
  {
    std::lock_guard const held(lock);
    for(record* r : records)
      if(r->asked != nothing) threads.push_back(r->thread);
  }
  PyObject* const list = PyList_New(0);
  for(unsigned long const thread : threads) {
    PyObject* const number = list ? PyLong_FromUnsignedLong(thread) : nullptr;
    if(!number || PyList_Append(list, number) < 0) return nullptr;
    Py_DECREF(number);
  }
  return list;
}

// deliver(thread, exception class): the thread raises it as soon as it runs Python code.
PyObject* deliver(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2) return wrong_arity("deliver", n);
  unsigned long const thread = PyLong_AsUnsignedLong(a[0]);
  if(PyErr_Occurred()) return nullptr;
  bool there = false;
  {
    std::lock_guard const held(lock);
    for(record* r : records)
      if(r->thread == thread && r->asked != nothing) there = r->delivered = true;
  }
  if(there) PyThreadState_SetAsyncExc(thread, a[1]);
  return PyBool_FromLong(there);
}

// watched() -> ((thread, seconds), ...) of the calls that run now.
PyObject* watched(PyObject*, PyObject*) {
  std::vector<std::pair<unsigned long, double>> found;
  {
    std::lock_guard const held(lock);
    for(record* r : records)
      if(!r->watches.empty())
        found.emplace_back(r->thread, static_cast<double>(now() - r->watches.front().start) / 1e9);
  }
  PyObject* const list = PyTuple_New(static_cast<Py_ssize_t>(found.size()));
  for(std::size_t i = 0; list && i < found.size(); ++i)
    PyTuple_SET_ITEM(list, static_cast<Py_ssize_t>(i), Py_BuildValue("(kd)", found[i].first, found[i].second));
  return list;
}

PyObject* check(PyObject*, PyObject*) {
  return guarded([] {
    if(asked_to_stop()) raise_interrupted();
    return ref::share(Py_None);
  });
}

PyObject* is_requested(PyObject*, PyObject*) { return PyBool_FromLong(asked_to_stop()); }

PyObject* signalled(PyObject*, PyObject*) {
  std::lock_guard const held(lock);
  read_signals(now()); // the watchdog may not have looked yet
  return PyLong_FromLong(std::exchange(interrupted_by_signal, 0));
}

PyObject* listen_to_signals(PyObject*, PyObject* fd) {
  int const number = static_cast<int>(PyLong_AsLong(fd));
  if(PyErr_Occurred()) return nullptr;
  std::lock_guard const held(lock);
  signal_bytes = number;
  Py_RETURN_NONE;
}

// start_watchdog(eventfd, make): `make()` is the exception of the thread that calls it.
PyObject* start_watchdog(PyObject*, PyObject* args) {
  int fd;
  PyObject* make;
  if(!PyArg_ParseTuple(args, "iO", &fd, &make)) return nullptr;
  std::lock_guard const held(lock);
  to_deliver = fd;
  Py_XSETREF(make_interrupted, Py_NewRef(make));
  if(!started) {
    started = true;
    std::thread(guard_all).detach();
  }
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
  { "begin_watch", fast(begin_watch), METH_FASTCALL, "Watch a call on this thread: (seconds, bytes), 0 for no limit." },
  { "end_watch", end_watch, METH_O, "The watched call of that number ended." },
  { "stop_clock", stop_clock, METH_NOARGS, "What follows is not the watched call's time; whether its clock ran." },
  { "start_clock", start_clock, METH_NOARGS, "It is again." },
  { "seconds_left", seconds_left, METH_NOARGS, "What is left of this thread's limit; -1 where there is none." },
  { "take_request", take_request, METH_NOARGS, "Why this thread is to stop: (reason, limit in seconds, bytes)." },
  { "request", fast(request), METH_FASTCALL, "Ask a thread (None: all) to stop what is watched there: how many were." },
  { "requested", requested, METH_NOARGS, "The threads that were asked to stop and have not yet." },
  { "is_requested", is_requested, METH_NOARGS, "Whether this thread is one of them." },
  { "deliver", fast(deliver), METH_FASTCALL, "Have such a thread raise an exception when it runs Python code." },
  { "watched", watched, METH_NOARGS, "The threads with a watched call, and for how many seconds it has run." },
  { "check", check, METH_NOARGS, "Raise where this thread was asked to stop." },
  { "signalled", signalled, METH_NOARGS, "How many threads signals have asked to stop since the last time." },
  { "listen_to_signals", listen_to_signals, METH_O, "The end to read from of `signal.set_wakeup_fd`." },
  { "start_watchdog", start_watchdog, METH_VARARGS, "Start watching; once." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool init_interrupt(PyObject* module) {
  struct sigaction known{};
  if(sigaction(SIGRTMIN + escape_signal, nullptr, &known) == 0 && known.sa_handler == SIG_DFL)
    std::signal(SIGRTMIN + escape_signal, SIG_IGN);
  return PyModule_AddIntConstant(module, "ATTEND_SIGNAL", SIGRTMIN + attend_signal) == 0
    && PyModule_AddIntConstant(module, "ESCAPE_SIGNAL", SIGRTMIN + escape_signal) == 0
    && PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
