// What C++ calls in place of C's functions that end the process: an error of the script's call, where there is one.
//
// Code that Cling compiles gets them from runtime/cling/session.py; in the user's libraries the addresses that the
// loader wrote into their tables are replaced.
#include "calls_out.hpp"
#include "fault.hpp"
#include "module.hpp"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <iterator>
#include <link.h>
#include <unistd.h>

namespace ts {

void ts_refuse_exit(char const* function, int status) noexcept {
  guarded_thread* const t = known_thread();
  if(guard* const g = guarding ? reachable(t) : nullptr) {
    char text[64];
    std::snprintf(text, sizeof text, "%s(%d) was called", function, status);
    leave_with(t, g, text);
  }
  if(std::strcmp(function, "quick_exit") == 0) std::quick_exit(status);
  if(std::strcmp(function, "exit") == 0) std::exit(status);
  _exit(status);
}

void ts_assert_fail(char const* expression, char const* file, unsigned line, char const* function) noexcept {
  guarded_thread* const t = known_thread();
  char text[1024];
  std::snprintf(text, sizeof text, "%s:%u: %s: Assertion `%s' failed", file, line, function ? function : "?", expression);
  if(guard* const g = guarding ? reachable(t) : nullptr) leave_with(t, g, text, SIGABRT);
  std::fprintf(stderr, "%s\n", text);
  std::abort();
}

namespace {

void plain_exit(int status) { ts_refuse_exit("exit", status); }
void exit_at_once(int status) { ts_refuse_exit("_exit", status); }
void exit_as_c_has_it(int status) { ts_refuse_exit("_Exit", status); }
void exit_quickly(int status) { ts_refuse_exit("quick_exit", status); }

replacement const replacements[] = {
  { "exit", reinterpret_cast<void*>(plain_exit) },
  { "_exit", reinterpret_cast<void*>(exit_at_once) },
  { "_Exit", reinterpret_cast<void*>(exit_as_c_has_it) },
  { "quick_exit", reinterpret_cast<void*>(exit_quickly) },
  { "__assert_fail", reinterpret_cast<void*>(ts_assert_fail) },
};

} // namespace
} // namespace ts

// Of a library that `dlopen` gave: what it calls to end the process is an error from now on.
extern "C" TS_API int ts_close_ways_out(void* handle) {
  link_map const* library = nullptr;
  if(dlinfo(handle, RTLD_DI_LINKMAP, &library) != 0) return 0;
  return ts::replace_calls(library, ts::replacements, std::size(ts::replacements));
}
