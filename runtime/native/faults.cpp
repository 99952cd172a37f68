// The signal handlers of guard.hpp, what they find out about a fault, and the ways by which C++ ends a process.
#include "fault.hpp"
#include "module.hpp"
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dlfcn.h>
#include <exception>
#include <link.h>
#include <typeinfo>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

namespace ts {

// From interruption, where the extension has it.
[[gnu::weak]] bool asked_to_stop() noexcept;

bool guarding = false;

namespace {

constexpr int caught_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP };
constexpr int escape_signal = 4; // from SIGRTMIN: a thread that is to leave C++ that does not end
constexpr std::ptrdiff_t near_stack = 1 << 20; // an access so far from the stack's end may be one of the stack

struct sigaction before[NSIG]; // the handlers that were there when the extension was loaded
int crash_file = -1;
std::atomic<bool> crashing{ false };
bool ending = false; // `exit` was called: what faults now are destructors of static objects
int end_status = 0;
std::terminate_handler terminate_before = nullptr;

// --- where code is -------------------------------------------------------------------------------

struct stretch {
  std::uintptr_t from, to;
};
stretch careful[16]; // the C library, the loader, Python: interrupted anywhere, they may hold a lock
int careful_count = 0;

bool holds_locks(char const* name) noexcept {
  if(!*name) return true; // the program itself: Python
  char const* const base = std::strrchr(name, '/') ? std::strrchr(name, '/') + 1 : name;
  for(char const* const prefix : { "libc.so", "libc-", "ld-linux", "libpython", "libgcc_s", "libstdc++", "_support." })
    if(std::strncmp(base, prefix, std::strlen(prefix)) == 0) return true;
  return false;
}

int note_library(dl_phdr_info* library, std::size_t, void*) noexcept {
  if(!holds_locks(library->dlpi_name)) return 0;
  for(int i = 0; i < library->dlpi_phnum; ++i) {
    auto const& part = library->dlpi_phdr[i];
    if(part.p_type != PT_LOAD || !(part.p_flags & PF_X) || careful_count == static_cast<int>(std::size(careful))) continue;
    std::uintptr_t const from = library->dlpi_addr + part.p_vaddr;
    careful[careful_count++] = { from, from + part.p_memsz };
  }
  return 0;
}

bool is_careful(std::uintptr_t pc) noexcept {
  for(int i = 0; i < careful_count; ++i)
    if(careful[i].from <= pc && pc < careful[i].to) return true;
  return false;
}

// --- what is known -------------------------------------------------------------------------------

std::uintptr_t register_of(ucontext_t const* c, int which) noexcept {
  return static_cast<std::uintptr_t>(c->uc_mcontext.gregs[which]);
}

struct walk {
  fault* f;
  std::uintptr_t pc;    // of the fault; null once it was passed
  std::uintptr_t until; // the guard's frame
};

_Unwind_Reason_Code next_frame(_Unwind_Context* context, void* argument) noexcept {
  walk& w = *static_cast<walk*>(argument);
  std::uintptr_t const pc = _Unwind_GetIP(context);
  if(w.pc && pc != w.pc) return _URC_NO_REASON; // the handler's own
  w.pc = 0;
  if(_Unwind_GetCFA(context) > w.until || w.f->frames == most_frames) return _URC_NORMAL_STOP;
  w.f->pcs[w.f->frames++] = reinterpret_cast<void*>(pc);
  return _URC_NO_REASON;
}

// The calls between the fault and `until`. The stack may be damaged: a fault on the way ends it.
void walk_stack(guarded_thread* t, fault& f, std::uintptr_t pc, std::uintptr_t sp, void const* until) noexcept {
  f.frames = 0;
  walk w{ &f, pc, reinterpret_cast<std::uintptr_t>(until) };
  auto* const back = reinterpret_cast<guard*>(t->walk);
  guard* unused = nullptr;
  back->top = &unused;
  t->walking = true;
  if(ts_arm(back, any_site()) == 0) {
    _Unwind_Backtrace(next_frame, &w);
    if(pc && f.frames == 0) { // a call of what is no code
      f.pcs[f.frames++] = reinterpret_cast<void*>(pc);
      if(sp) f.pcs[f.frames++] = *reinterpret_cast<void**>(sp);
    }
  }
  t->walking = false;
}

// What Clang's trap instruction says of the check that failed (llvm: CodeGen/TargetInfo, "ubsantrap"), from 1.
unsigned trap_of(std::uintptr_t pc) noexcept {
  auto const* const code = reinterpret_cast<unsigned char const*>(pc);
  return code[0] == 0x67 && code[1] == 0x0f && code[2] == 0xb9 && code[3] == 0x40 ? code[4] + 1u : 0;
}

// What the C library said before it aborted.
void take_abort_text(fault& f) noexcept {
  struct message {
    unsigned size;
    char text[];
  };
  static auto** const last = static_cast<message**>(dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE"));
  message* const said = last ? std::exchange(*last, nullptr) : nullptr;
  if(!said || f.text[0]) return;
  std::snprintf(f.text, sizeof f.text, "%s", said->text);
  f.text[std::strcspn(f.text, "\n")] = '\0';
}

// Whether the allocator said it with its lock taken: what it finds out before that does not count.
bool said_under_lock(char const* text) noexcept {
  for(char const* const words : { "tcache", "fasttop", "invalid pointer", "invalid size", "munmap_chunk" })
    if(std::strstr(text, words)) return false;
  for(char const* const start : { "free()", "malloc", "double free", "corrupted", "realloc()" })
    if(std::strncmp(text, start, std::strlen(start)) == 0) return true;
  return false;
}

// Whether one of the innermost calls is one of the allocator's.
bool is_allocators(fault const& f) noexcept {
  for(int i = 0; i < f.frames && i < 6; ++i) {
    Dl_info found;
    if(!is_careful(reinterpret_cast<std::uintptr_t>(f.pcs[i])) || !dladdr(f.pcs[i], &found) || !found.dli_sname) return false;
    for(char const* const name : { "malloc", "free", "cfree", "calloc", "realloc", "memalign", "__libc_malloc", "__libc_free",
                                   "__libc_calloc", "__libc_realloc", "malloc_trim" })
      if(std::strcmp(found.dli_sname, name) == 0) return true;
  }
  return false;
}

void clear(fault& f) noexcept {
  f.signal = f.code = f.frames = 0;
  f.address = nullptr;
  f.overflow = f.escape = f.in_allocator = false;
  f.trap = 0;
  f.text[0] = '\0';
}

void find_out(guarded_thread* t, guard const* g, int number, siginfo_t const* info, ucontext_t const* context) noexcept {
  fault& f = t->fault;
  clear(f);
  f.signal = number;
  f.code = info->si_code;
  f.address = info->si_addr;
  std::uintptr_t const pc = register_of(context, REG_RIP), sp = register_of(context, REG_RSP);
  if(number == SIGABRT) {
    f.address = nullptr;
    take_abort_text(f);
    f.in_allocator = said_under_lock(f.text);
  } else {
    auto const* const low = static_cast<char const*>(t->stack_low);
    auto const* const at = static_cast<char const*>(info->si_addr);
    f.overflow = number == SIGSEGV && low && at < low + near_stack && at > low - near_stack
      && reinterpret_cast<char const*>(sp) < low + near_stack;
    if(number == SIGILL) {
      t->walking = true; // no code may be there
      auto* const back = reinterpret_cast<guard*>(t->walk);
      guard* unused = nullptr;
      back->top = &unused;
      if(ts_arm(back, any_site()) == 0) f.trap = trap_of(pc);
      t->walking = false;
    }
  }
  if(!f.in_allocator) walk_stack(t, f, pc, sp, g); // which may want memory
  if(number == SIGSEGV || number == SIGBUS) f.in_allocator = is_allocators(f);
}

// --- the end of the process ----------------------------------------------------------------------

void say(char const* text) noexcept { (void)!write(crash_file, text, std::strlen(text)); }

_Unwind_Reason_Code say_frame(_Unwind_Context* context, void* argument) noexcept {
  int& left = *static_cast<int*>(argument);
  if(left-- == 0) return _URC_NORMAL_STOP;
  auto* const pc = reinterpret_cast<void*>(_Unwind_GetIP(context) - 1);
  Dl_info found{};
  char line[512];
  dladdr(pc, &found);
  std::snprintf(line, sizeof line, "  %p %s (%s)\n", pc, found.dli_sname ? found.dli_sname : "?",
                found.dli_fname ? found.dli_fname : "compiled code");
  say(line);
  return _URC_NO_REASON;
}

// Nothing can be saved here. Whoever waits at `crash_file` learns why, else the handlers that were there before.
void crash(int number, siginfo_t const* info, char const* why) noexcept {
  if(ending && crash_file < 0) _exit(end_status); // it ends as it would have
  if(crash_file < 0 || crashing.exchange(true)) {
    if(crash_file >= 0) _exit(128 + number);
    sigaction(number, &before[number], nullptr);
    if(!info || info->si_code <= 0 || number == SIGABRT) ::raise(number); // a fault comes again by itself
    return;
  }
  char line[1200];
  if(why) std::snprintf(line, sizeof line, "%s\n", why);
  else
    std::snprintf(line, sizeof line, "signal %d (%s), address %p\n", number, strsignal(number),
                  info && number != SIGABRT ? info->si_addr : nullptr);
  say(line);
  if(info && info->si_code <= 0 && info->si_pid != getpid())
    std::snprintf(line, sizeof line, "sent by process %d\n", static_cast<int>(info->si_pid)); // to any thread
  else std::snprintf(line, sizeof line, "thread %p\n", reinterpret_cast<void*>(pthread_self()));
  say(line);
  int frames = most_frames;
  _Unwind_Backtrace(say_frame, &frames);
  _exit(128 + number);
}

// --- handlers ------------------------------------------------------------------------------------

// An endless call can be left where no lock of the C library's or Python's is likely to be held: in code of the
// script's own, or waiting for the system. Elsewhere the signal comes again soon.
bool may_escape(ucontext_t const* context) noexcept {
  std::uintptr_t const pc = register_of(context, REG_RIP);
  if(!is_careful(pc)) return true;
  auto const* const last = reinterpret_cast<unsigned char const*>(pc) - 2;
  return last[0] == 0x0f && last[1] == 0x05; // `syscall`
}

void on_escape(int, siginfo_t*, void* context) {
  int const kept = errno;
  guarded_thread* const t = known_thread();
  guard* const g = reachable(t);
  if(g && asked_to_stop && asked_to_stop() && may_escape(static_cast<ucontext_t*>(context))) {
    clear(t->fault);
    t->fault.escape = true;
    leave_for(t, g);
  }
  errno = kept;
}

void on_fault(int number, siginfo_t* info, void* context) {
  guarded_thread* const t = known_thread();
  if(t && t->walking) ts_land(reinterpret_cast<guard*>(t->walk));
  bool const sent = info->si_code <= 0 && info->si_pid != getpid(); // by another process
  guard* const g = sent ? nullptr : reachable(t);
  if(!g || crashing) {
    crash(number, info, nullptr);
    return;
  }
  find_out(t, g, number, info, static_cast<ucontext_t*>(context));
  leave_for(t, g);
}

// An exception that nobody catches, or that would leave a noexcept function or a thread.
[[noreturn]] void on_terminate() {
  char text[1024] = "std::terminate was called";
  if(std::type_info const* const type = abi::__cxa_current_exception_type()) {
    int status = 0;
    char* const name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    char const* what = "";
    try {
      throw;
    } catch(std::exception const& e) {
      what = e.what();
    } catch(...) {
    }
    std::snprintf(text, sizeof text, "std::terminate was called because of %s%s%s", name ? name : type->name(),
                  *what ? ": " : "", what);
  }
  guarded_thread* const t = known_thread();
  guard* const g = reachable(t);
  if(!g) {
    if(crash_file >= 0) crash(SIGABRT, nullptr, text);
    if(terminate_before) terminate_before();
    std::abort();
  }
  leave_with(t, g, text, SIGABRT);
}

// C++ that a script called in a library of its own calls `exit`: this runs first of all that `exit` runs.
void at_exit(int status, void*) {
  guarded_thread* const t = known_thread();
  guard* const g = guarding ? reachable(t) : nullptr;
  if(!g) {
    ending = true;
    end_status = status;
    return;
  }
  on_exit(at_exit, nullptr);
  leave_with(t, g, "exit was called");
}

// Destructors of static objects run in the reverse of the order in which they were made: before all of them.
void at_python_end() { on_exit(at_exit, nullptr); }

PyObject* install(PyObject*, PyObject* on) {
  int const wanted = PyObject_IsTrue(on);
  if(wanted < 0) return nullptr;
  struct sigaction action{};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for(int const number : caught_signals) {
    action.sa_sigaction = on_fault;
    sigaction(number, wanted ? &action : &before[number], nullptr);
  }
  action.sa_sigaction = on_escape;
  if(wanted) sigaction(SIGRTMIN + escape_signal, &action, nullptr);
  else std::signal(SIGRTMIN + escape_signal, SIG_IGN);
  if(wanted && !guarding) {
    careful_count = 0;
    dl_iterate_phdr(note_library, nullptr);
    fault unused{};
    walk w{ &unused, 1, ~std::uintptr_t{ 0 } };
    _Unwind_Backtrace(next_frame, &w); // what it needs is loaded now and not in a handler
    static bool const once = on_exit(at_exit, nullptr) == 0 && Py_AtExit(at_python_end) == 0;
    (void)once;
  }
  if(wanted != guarding) {
    if(wanted) terminate_before = std::set_terminate(on_terminate);
    else std::set_terminate(terminate_before);
  }
  guarding = wanted;
  guarded_process = getpid();
  Py_RETURN_NONE;
}

PyObject* set_crash_file(PyObject*, PyObject* file) {
  long const number = PyLong_AsLong(file);
  if(PyErr_Occurred()) return nullptr;
  crash_file = static_cast<int>(number);
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "install_guards", install, METH_O,
    "whether faults in C++ are taken; what had its own handlers when the extension was loaded has them back if not" },
  { "set_crash_fd", set_crash_file, METH_O,
    "where the reason and the C++ stack are written when a fault ends the process; -1 for nowhere" },
  {}
};

} // namespace

void leave_with(guarded_thread* t, guard* g, char const* text, int signal) noexcept {
  clear(t->fault);
  std::snprintf(t->fault.text, sizeof t->fault.text, "%s", text);
  t->fault.signal = signal;
  walk_stack(t, t->fault, 0, 0, g);
  leave_for(t, g);
}

bool init_faults(PyObject* module) {
  for(int const number : caught_signals) sigaction(number, nullptr, &before[number]);
  return PyModule_AddFunctions(module, functions) == 0;
}

} // namespace ts
