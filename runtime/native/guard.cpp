// Guards: where they stand, and what happens after a fault came back to one.
#include "guard.hpp"
#include "fault.hpp"
#include "gil.hpp"
#include "interop.hpp"
#include "module.hpp"
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <new>
#include <pthread.h>
#include <string>
#include <structmember.h>
#include <sys/mman.h>
#include <unistd.h>

// A guard's registers are those that a call keeps, then the stack pointer and where to go on.
static_assert(offsetof(ts::guard, top) == 64 && offsetof(ts::guard, at) == 72);
static_assert(offsetof(ts::call_site, closed) == 16);
asm(R"(
  .text
  .globl ts_arm
  .globl ts_arm_here
  .hidden ts_arm_here
  .type ts_arm, @function
ts_arm:
ts_arm_here:
  movq %rsi, 72(%rdi)
  cmpq $0, 16(%rsi)
  jne 1f
  movq (%rsp), %rdx
  leaq 8(%rsp), %rcx
  movq %rbx, (%rdi)
  movq %rbp, 8(%rdi)
  movq %r12, 16(%rdi)
  movq %r13, 24(%rdi)
  movq %r14, 32(%rdi)
  movq %r15, 40(%rdi)
  movq %rcx, 48(%rdi)
  movq %rdx, 56(%rdi)
  movq 64(%rdi), %rcx
  movq %rdi, (%rcx)
  xorl %eax, %eax
  ret
1:
  movl $2, %eax
  ret
  .size ts_arm, .-ts_arm
  .globl ts_land
  .hidden ts_land
  .type ts_land, @function
ts_land:
  movq (%rdi), %rbx
  movq 8(%rdi), %rbp
  movq 16(%rdi), %r12
  movq 24(%rdi), %r13
  movq 32(%rdi), %r14
  movq 40(%rdi), %r15
  movq 48(%rdi), %rsp
  movl $1, %eax
  jmp *56(%rdi)
  .size ts_land, .-ts_land
)");

namespace ts {

// From interruption, where the extension has it.
[[gnu::weak]] void raise_interrupted();

namespace {

PyObject* make_error = nullptr; // Python: (site, facts …) -> (exception, what calling the site again says)
PyObject* make_closed = nullptr; // Python: (site, text) -> exception
PyTypeObject* site_type = nullptr;
PyObject* open_site = nullptr;

pthread_key_t at_end;
cxx_exceptions no_exceptions{};
guarded_thread nowhere{}; // of threads for which there is no memory

// Whether Python's evaluation loop runs between a guard and what it guards.
bool python_between(guard const* g, PyThreadState const* state) noexcept {
#if PY_VERSION_HEX < 0x030D0000 // its record stands on the stack
  return reinterpret_cast<char const*>(state->cframe) < reinterpret_cast<char const*>(g);
#else
  return state->current_frame != g->calls;
#endif
}

void forget_thread(void* record) {
  auto* const t = static_cast<guarded_thread*>(record);
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  munmap(t->alternate, t->alternate_size);
  mine = nullptr;
  delete t;
}

// Handlers get a stack of their own, with room for unwinding: a stack that overflowed has none.
void give_alternate_stack(guarded_thread* t) noexcept {
  t->alternate_size = 256 * 1024;
  t->alternate =
    mmap(nullptr, t->alternate_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if(t->alternate == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = t->alternate;
  stack.ss_size = t->alternate_size;
  sigaltstack(&stack, nullptr);
}

} // namespace

__thread guarded_thread* mine = nullptr;
pid_t guarded_process = 0;

[[gnu::noinline]] guarded_thread* new_thread() noexcept {
  auto* const t = new(std::nothrow) guarded_thread{};
  if(!t) {
    nowhere.exceptions = &no_exceptions;
    return &nowhere;
  }
  give_alternate_stack(t);
  pthread_attr_t attributes;
  std::size_t size;
  if(pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &t->stack_low, &size);
    pthread_attr_destroy(&attributes);
  }
  t->exceptions = reinterpret_cast<cxx_exceptions*>(abi::__cxa_get_globals());
  note_allocator();
  pthread_setspecific(at_end, t);
  return mine = t;
}

namespace {

std::string symbol_of(void const* pc) {
  Dl_info found;
  if(!dladdr(pc, &found) || !found.dli_sname) return "";
  int status = 0;
  char* const name = abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, &status);
  std::string text = status == 0 ? name : found.dli_sname;
  std::free(name);
  return text;
}

// [(address, symbol or "", file or "")], the innermost first
ref frames_of(fault const& f) {
  ref const list = ref::own(PyList_New(0));
  for(int i = 0; i < f.frames; ++i) {
    void const* const pc = static_cast<char const*>(f.pcs[i]) - (i ? 1 : 0); // a call, not what follows it
    Dl_info found;
    char const* const file = dladdr(pc, &found) && found.dli_fname ? found.dli_fname : "";
    ref const one = ref::own(
      Py_BuildValue("(Kss)", reinterpret_cast<unsigned long long>(pc), symbol_of(pc).c_str(), file));
    if(PyList_Append(list.p, one.p)) raise();
  }
  return list;
}

void set_error(PyObject* exception) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
}

// What is in the way of calling Python again.
void put_in_order(guard& g, guarded_thread* t) {
  if(t->fault.in_allocator) free_allocator();
  free_standard_streams();
  t->exceptions->caught = g.caught;
  t->exceptions->uncaught = g.uncaught;
  hold_on();
  PyThreadState* const python = PyGILState_GetThisThreadState();
  if(python != _PyThreadState_UncheckedGet()) PyEval_RestoreThread(python); // it had given up the GIL
  PyErr_Clear();
}

} // namespace

guarded_thread* known_thread() noexcept { return mine; }

guard* reachable(guarded_thread* t) noexcept {
  guard* const g = t && getpid() == guarded_process ? t->top : nullptr; // C++ may have forked
  PyThreadState const* const python = g ? PyGILState_GetThisThreadState() : nullptr;
  return python && !python_between(g, python) ? g : nullptr;
}

void leave_for(guarded_thread* t, guard* g) noexcept {
  t->pending = true;
  ts_land(g);
}

guard::guard() noexcept : guard(my_thread()) {}

void landed(guard& g) {
  *g.top = g.outer;
  guarded_thread* const t = my_thread();
  ref const at = ref::share(g.at);
  auto* const site = reinterpret_cast<call_site*>(at.p);
  if(!std::exchange(t->pending, false)) {
    if(!site->why) { // nobody jumped here: control ran out of a function that C++ leaves undefined
      PyErr_SetString(PyExc_RuntimeError, "C++ went astray: its behaviour here is undefined");
      throw py_error{};
    }
    set_error(ref::own(PyObject_CallFunctionObjArgs(make_closed, at.p, site->why, nullptr)).p);
    throw py_error{};
  }
  put_in_order(g, t);
  fault const f = t->fault;
  if(f.escape) {
    raise_interrupted();
  }
  ref const made = ref::own(PyObject_CallFunction(
    make_error, "OiiKOINN", at.p, f.signal, f.code, reinterpret_cast<unsigned long long>(f.address),
    f.overflow ? Py_True : Py_False, f.trap,
    PyUnicode_DecodeUTF8(f.text, static_cast<Py_ssize_t>(std::strlen(f.text)), "replace"), frames_of(f).release()));
  if(at.p != open_site) {
    Py_XSETREF(site->why, Py_NewRef(PyTuple_GET_ITEM(made.p, 1)));
    site->closed = 1;
  }
  set_error(PyTuple_GET_ITEM(made.p, 0));
  throw py_error{};
}

PyObject* any_site() noexcept { return open_site; }

bool call_guarded(void (*f)(void*), void* argument) noexcept {
  return run_guarded(f, argument) == guarded_outcome::fine;
}

guarded_outcome run_guarded(void (*f)(void*), void* argument) noexcept {
  guard g(my_thread());
  if(ts_arm_here(&g, open_site)) {
    try {
      landed(g);
    } catch(...) {
      set_python_error();
    }
    return guarded_outcome::fault;
  }
  try {
    f(argument);
    return guarded_outcome::fine;
  } catch(...) {
    set_python_error();
    return guarded_outcome::thrown;
  }
}

namespace {

// --- call sites ----------------------------------------------------------------------------------

PyObject* site_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* label;
  if(!PyArg_ParseTuple(args, "U", &label)) return nullptr;
  auto* const site = reinterpret_cast<call_site*>(type->tp_alloc(type, 0));
  if(site) site->label = Py_NewRef(label);
  return reinterpret_cast<PyObject*>(site);
}

void site_dealloc(PyObject* self) {
  Py_CLEAR(reinterpret_cast<call_site*>(self)->why);
  Py_CLEAR(reinterpret_cast<call_site*>(self)->label);
  PyTypeObject* const type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef site_members[] = {
  { "label", T_OBJECT, offsetof(call_site, label), READONLY, "what it calls" },
  { "why", T_OBJECT, offsetof(call_site, why), READONLY, "why it is closed; None while it is open" },
  {}
};
PyType_Slot site_slots[] = {
  { Py_tp_doc, const_cast<char*>("CallSite(label): a place that calls C++, closed after a fault.") },
  { Py_tp_new, reinterpret_cast<void*>(site_new) },
  { Py_tp_dealloc, reinterpret_cast<void*>(site_dealloc) },
  { Py_tp_members, site_members },
  { 0, nullptr }
};
PyType_Spec site_spec{ "runtime.native._support.CallSite", sizeof(call_site), 0, Py_TPFLAGS_DEFAULT, site_slots };

PyObject* set_hooks(PyObject*, PyObject* args) {
  PyObject *error, *closed;
  if(!PyArg_ParseTuple(args, "OO", &error, &closed)) return nullptr;
  Py_XSETREF(make_error, Py_NewRef(error));
  Py_XSETREF(make_closed, Py_NewRef(closed));
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "set_guard_hooks", set_hooks, METH_VARARGS,
    "(site, signal, code, address, overflow, trap, text, frames) -> (exception, text for later); "
    "(site, text) -> exception" },
  {}
};

} // namespace

bool init_guards(PyObject* module) {
  if(pthread_key_create(&at_end, forget_thread)) return PyErr_NoMemory();
  site_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&site_spec));
  if(!site_type || !(open_site = PyObject_CallFunction(reinterpret_cast<PyObject*>(site_type), "s", ""))) return false;
  return PyModule_AddObjectRef(module, "CallSite", reinterpret_cast<PyObject*>(site_type)) == 0
    && PyModule_AddObjectRef(module, "ANYWHERE", open_site) == 0
    && PyModule_AddFunctions(module, functions) == 0 && init_faults(module);
}

} // namespace ts
