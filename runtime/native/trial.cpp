// C++ that may harm the process is tried in a copy of it first: a forked child that declares it and reports.
// Only C++ runs in the child, on the one thread that it has. See runtime/cling/trial.py.
#include "trial.hpp"
#include "module.hpp"
#include "submissions.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <unistd.h>

namespace ts {

namespace {

// What the child says; in memory that it shares with its parent.
struct report {
  int ended;     // the declaration returned
  int accepted;
  int signal;    // what stopped it
  int users;     // whether code compiled by Cling was running then
  int memory;    // an allocation failed
};

report* told = nullptr; // in the child only

// Whether the C++ that was declared ran at this moment, a static initialiser.
void look() {
  alarm(2); // the frames below may be damaged
  void* frames[64];
  int const count = backtrace(frames, 64);
  bool compiled = false; // by Cling: of no library
  bool within = true;    // of what was called first: this, the handler, the C library
  for(int i = 0; i < count; ++i) {
    Dl_info info;
    if(dladdr(frames[i], &info) == 0) {
      compiled = true;
      if(within || count == 64) told->users = 1;
      within = false;
    } else if(strstr(info.dli_fname, "Cling")) {
      if(compiled) told->users = 1; // what calls Clang is compiled by Cling too, but nothing calls that
      within = false;
    } else if(!strstr(info.dli_fname, "_support") && !strstr(info.dli_fname, "/libc.so")) within = false;
  }
}

void stopped(int signal) {
  told->signal = signal;
  look();
  _exit(2);
}

void limit(int what, rlim_t most) {
  rlimit now;
  getrlimit(what, &now);
  now.rlim_cur = std::min(most, now.rlim_max);
  setrlimit(what, &now);
}

[[noreturn]] void child(order const& o, char const* code, int parent, int words, int line, report* shared) {
  told = shared;
  be_a_copy(parent);
  if(line >= 0) close(line);
  static char stack[1 << 16];
  stack_t const other{ stack, 0, sizeof stack };
  sigaltstack(&other, nullptr);
  struct sigaction action = {};
  action.sa_handler = stopped;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for(int s : { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGXCPU, SIGTRAP }) sigaction(s, &action, nullptr);
  limit(RLIMIT_CPU, static_cast<rlim_t>(o.cpu_s + 1));
  if(std::size_t const now = mapped_bytes()) limit(RLIMIT_AS, now + o.more_bytes);
  std::set_new_handler([] {
    told->memory = 1;
    limit(RLIMIT_AS, RLIM_INFINITY);
    look();
    _exit(2);
  });
  int const nothing = open("/dev/null", O_RDWR);
  dup2(nothing, 0);
  dup2(nothing, 1);
  dup2(words, 2);
  told->accepted = o.declare(code);
  answer const* first = nullptr;
  std::size_t count = 0;
  std::string lines;
  if(o.id && told->accepted && answers_of(o.id, first, count))
    for(answer const* a = first; a != first + count; ++a)
      lines += "\n" + std::to_string(a->flags) + ' ' + std::to_string(a->size) + ' ' + std::to_string(a->fixed)
        + ' ' + std::to_string(static_cast<std::int64_t>(a->value)) + ' ' + a->name;
  lines.insert(0, 1, '\0'); // Clang's words end here
  for(std::size_t done = 0; done < lines.size();) {
    ssize_t const n = write(words, lines.data() + done, lines.size() - done);
    if(n <= 0) _exit(2);
    done += static_cast<std::size_t>(n);
  }
  told->ended = 1;
  _exit(0);
}

// Waits for the child; false when it took longer than it may.
bool over(pid_t pid, int* status, rusage* used, double seconds) {
  int const handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  auto const until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for(;;) {
    pid_t const found = wait4(pid, status, WNOHANG, used);
    auto const left = until - std::chrono::steady_clock::now();
    if(found == pid || (found < 0 && errno != EINTR) || left.count() <= 0) {
      if(handle >= 0) close(handle);
      return found == pid || found < 0;
    }
    if(handle >= 0) {
      pollfd one{ handle, POLLIN, 0 };
      poll(&one, 1, static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) + 1);
    } else usleep(300);
  }
}

bool says(int words, char const* what) {
  char* text;
  std::uint64_t length;
  take_words(words, &text, &length);
  bool const found = length && memmem(text, length, what, strlen(what));
  free(text);
  return found;
}

} // namespace

void take_words(int file, char** words, std::uint64_t* length) {
  std::size_t const size = static_cast<std::size_t>(lseek(file, 0, SEEK_END));
  *words = static_cast<char*>(malloc(size + 1));
  *length = *words && pread(file, *words, size, 0) == static_cast<ssize_t>(size) ? size : 0;
}

std::size_t mapped_bytes() {
  std::size_t pages = 0;
  if(FILE* const file = fopen("/proc/self/statm", "r")) {
    if(fscanf(file, "%zu", &pages) != 1) pages = 0;
    fclose(file);
  }
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void be_a_copy(int parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if(getppid() != parent) _exit(1);
  setpgid(0, 0); // Ctrl-C in the terminal is not for it
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  for(int s : { SIGALRM, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD }) sigaction(s, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  limit(RLIMIT_CORE, 0);
}

verdict try_in_copy(order const& o, char const* code, int words, int line) {
  verdict result{ UNTRIED, 0, 0, 0, 0 };
  void* const shared =
    mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if(shared == MAP_FAILED) return result;
  report* const told = static_cast<report*>(shared);
  pid_t const parent = getpid();
  std::unique_lock<std::mutex> held = hold_submissions();
  pid_t const pid = fork();
  held.unlock();
  if(pid == 0) child(o, code, parent, words, line, told);
  if(pid > 0) {
    int status = 0;
    rusage used = {};
    bool const slow = !over(pid, &status, &used, o.wall_s);
    if(slow) {
      kill(pid, SIGXCPU); // it says what it was at
      if(!over(pid, &status, &used, 3)) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
      }
    }
    bool const starved = told->memory || (!told->ended && says(words, "out of memory"));
    result.signal = told->signal ? told->signal : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result.users = told->users;
    result.thrown = told->ended && !told->accepted && says(words, "<static initialiser>:0:0:");
    result.cpu_ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
    if(told->ended) result.how = told->accepted ? ACCEPTED : REJECTED;
    else if(slow || result.signal == SIGXCPU || result.signal == SIGKILL) result.how = ENDLESS;
    else if(starved) result.how = MEMORY;
    else if(result.signal) result.how = FAULT;
    else {
      result.how = LEFT;
      result.signal = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    }
  }
  munmap(shared, sizeof(report));
  return result;
}

} // namespace ts

// Declares `code` by `declare` in a copy of this process, and says how that went. `*words` are Clang's, to be
// freed by `ts_trial_free`; after a NUL the answers submitted under `id`, one a line. `*length` is in bytes.
extern "C" TS_API int ts_trial(ts::order const* o, char const* code, ts::verdict* found, char** words,
                               std::uint64_t* length) {
  using namespace ts;
  *words = nullptr;
  *length = 0;
  int const file = memfd_create("trial", MFD_CLOEXEC);
  if(file < 0) return found->how = UNTRIED;
  *found = try_in_copy(*o, code, file);
  take_words(file, words, length);
  close(file);
  return found->how;
}

// For `ts_trial` in place of a declaration: loads a shared library, whose initialisers then run.
extern "C" TS_API int ts_trial_open(char const* path) {
  if(dlopen(path, RTLD_NOW | RTLD_GLOBAL)) return 1;
  fprintf(stderr, "%s\n", dlerror());
  return 0;
}

extern "C" TS_API void ts_trial_free(char* words) { free(words); }
