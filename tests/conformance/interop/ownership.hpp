// Objects that say when they come and go, and one whose destructor fails.
#pragma once
#include "log.hpp"
#include <stdexcept>
#include <string>
#include <thread>

namespace ownership {
struct thing {
  int number;
  std::thread::id made_on = std::this_thread::get_id();
  explicit thing(int n) : number(n) { tslog::say("+" + std::to_string(n)); }
  thing(thing const&) = delete;
  ~thing() { tslog::say("-" + std::to_string(number) + (std::this_thread::get_id() == made_on ? "" : " elsewhere")); }
  int get() const { return number; }
  thing* itself() { return this; }
};
struct hostile {
  ~hostile() noexcept(false) { throw std::runtime_error("not now"); }
};
class kept { // only its friends destroy it
  ~kept() = default;

public:
  int number = 3;
};
struct derived : thing {
  using thing::thing;
};
inline thing* global() {
  static thing* const one = new thing(0);
  return one;
}
inline int note(int n) { tslog::say("note " + std::to_string(n)); return n; }
inline thing* hand(thing* p) { return p; }
inline int number_of(thing* p) { return p ? p->number : -1; }
} // namespace ownership
