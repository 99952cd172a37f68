// What the programs of native.jank call.
#pragma once
#include <array>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace pf {

struct vec2 {
  float x, y;
  float len2() const { return x * x + y * y; }
  vec2 operator+(vec2 o) const { return { x + o.x, y + o.y }; }
  bool operator==(vec2 const&) const = default;
  static int made;
};
inline int vec2::made = 3;

enum class color { red = 1, green = 2 };
enum plain { one = 1, two };

inline int twice(int x) { return 2 * x; }
inline double twice(double x) { return 2 * x; }
inline int with_default(int a, int b = 10) { return a + b; }
template<class T> T ident(T t) { return t; }
template<class A, class B> struct pair_of {
  A a;
  B b;
};

inline int counter = 0;
inline void bump() { ++counter; }
constexpr int limit = 7;
inline char const* hello() { return "hello"; }
inline std::string shout(std::string const& s) { return s + "!"; }

struct base {
  virtual ~base() = default;
  virtual int id() { return 1; }
};
struct derived : base {
  int id() override { return 2; }
};
inline base* make() {
  static derived d;
  return &d;
}

} // namespace pf
