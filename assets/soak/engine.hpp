// The C++ that the soak's scripts call: sound parts whose constants are edited, and everything that goes wrong.
#pragma once
#include <cassert>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <unistd.h>

#define ENGINE_SIZE 1 // edited

namespace engine {

inline int constant() { return 1; } // edited

struct body {
  float x = 0, y = 0;
  int hits = 0;
  // fields
};

inline int size() { return ENGINE_SIZE; }
inline int answer(int n) { return n * constant(); }

inline int read_null() {
  int volatile* volatile p = nullptr;
  return *p;
}
inline void write_null() {
  int volatile* volatile p = nullptr;
  *p = 1;
}
inline int read_wild() {
  auto volatile p = reinterpret_cast<int volatile*>(0x1234567890ull);
  return *p;
}
inline int divide(int n) {
  int volatile zero = n;
  return 7 / zero;
}
inline void aborts() { std::abort(); }
inline void asserts() { assert(constant() == -1); }
inline void terminates() { std::terminate(); }
inline void throws() { throw std::runtime_error("thrown by the engine"); }
inline void throws_noexcept() noexcept { throws(); }
inline int deep(int n) {
  char volatile room[4096];
  room[n % 4096] = 1;
  return deep(n + 1) + room[0];
}
inline void exits() { std::exit(3); }
inline void spin() {
  for(int volatile i = 0;; i = i + 1) {}
}
inline void fault_elsewhere() {
  std::thread([] { read_null(); }).detach();
}
inline void throw_elsewhere() {
  std::thread([] { throws(); }).detach();
}
inline void waits() { pause(); }
inline void frees_twice() {
  void* volatile p = std::malloc(5000);
  std::free(p);
  std::free(p);
}
inline int length(std::string_view text) { return static_cast<int>(text.size()); }
struct bad_end {
  ~bad_end() { read_null(); }
};
inline void kill_9() { kill(getpid(), SIGKILL); }

} // namespace engine
