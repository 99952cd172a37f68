// C++ that faults, each function in its own way. `volatile` keeps the compiler from seeing it come.
#pragma once
#undef NDEBUG
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bad {

inline int read(long address) { return *reinterpret_cast<int volatile*>(address); }
inline void write(long address) { *reinterpret_cast<int volatile*>(address) = 3; }
inline void jump() {
  void (*volatile f)() = reinterpret_cast<void (*)()>(0x10);
  f();
}
inline int divide(int a, int b) {
  int volatile x = a, y = b;
  return x / y;
}
inline void trap() { __builtin_trap(); }
inline void aborts() { std::abort(); }
inline void asserts(int x) { assert(x == 3); }
inline int deep(int n) {
  volatile char space[1000];
  space[n % 1000] = 1;
  return deep(n + 1) + space[3];
}
inline void throws_through() noexcept { throw std::runtime_error("boom"); }
inline void terminates() { std::terminate(); }
inline void frees_twice(long size) {
  char* volatile p = static_cast<char*>(std::malloc(size));
  char* volatile between = static_cast<char*>(std::malloc(size));
  std::free(p);
  std::free(p);
  std::free(between);
}
inline void exits() { std::exit(3); }
inline void exits_at_once() { _exit(4); }
inline void exits_quickly() { std::quick_exit(5); }
inline void prints() { std::printf("%s", reinterpret_cast<char const*>(0x20)); }
inline int length(std::string_view text) { return static_cast<int>(text.size()); }
inline int named(char const* text) { return text == nullptr; }
inline bool held(std::function<void()> const& f) { return f == nullptr; }
inline int at(std::vector<int> const& v, long i) { return v[i]; } // no check

inline int alive = 0;
struct ends_badly {
  int volatile* p;
  explicit ends_badly(long address) : p(reinterpret_cast<int volatile*>(address)) { ++alive; }
  ends_badly(ends_badly const&) = default;
  ~ends_badly() { *p = 1; }
  int value() const { return 7; }
};

inline int twice(ts::ref f, int x) { // calls back into Lisp
  PyObject* args[] = { nullptr, PyLong_FromLong(x) };
  ts::ref const first = ts::call(f.p, args + 1, 1);
  args[1] = first.p;
  return static_cast<int>(PyLong_AsLong(ts::call(f.p, args + 1, 1).p));
}
inline int calls_then_reads(ts::ref f, long address) {
  PyObject* args[] = { nullptr, Py_None };
  ts::ref const ignored = ts::call(f.p, args + 1, 1);
  return read(address);
}
inline int fine(int x) { return x + 1; }

} // namespace bad
