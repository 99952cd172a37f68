// Functions, globals and types to call.
#pragma once
#include "log.hpp"
#include <string>
#include <utility>
#include <vector>

#define CALLS_LIMIT 42
#define CALLS_NAME "limit"
#define CALLS_RATIO 2.5
#define CALLS_SUM (CALLS_LIMIT + 1)

inline int calls_global_fn(int x) { return x + 1000; }
inline int calls_global_var = 7;

namespace calls {

// overloads
inline std::string kind(int) { return "int"; }
inline std::string kind(double) { return "double"; }
inline std::string kind(char const*) { return "text"; }
inline std::string kind(bool) { return "bool"; }
inline std::string one(int) { return "one"; }
inline std::string one(int, int) { return "two"; }
inline std::string one(int, int, int) { return "three"; }
inline std::string sign(unsigned) { return "unsigned"; }
inline std::string sign(long) { return "long"; }
inline std::string ref_kind(int&) { return "lvalue"; }
inline std::string ref_kind(int&&) { return "rvalue"; }
inline std::string const_kind(int&) { return "mutable"; }
inline std::string const_kind(int const&) { return "const"; }

// defaults
inline int defaults(int a, int b = 10, int c = 100) { return a + b + c; }
inline std::string greeting(std::string const& who = "world") { return "hello " + who; }

// templates
template<class T> T twice(T x) { return x + x; }
template<class T, int N> T times(T x) { return x * N; }
template<class T> std::size_t size_of_type() { return sizeof(T); }
template<class A, class B> std::string pair_text(A a, B b) { return std::to_string(a) + "/" + std::to_string(b); }
template<class... A> int count_args(A const&...) { return sizeof...(A); }
template<class T> T constant = T(3);

// argument-dependent look-up
namespace inner {
struct token {
  int n;
  friend int hidden(token const& t) { return t.n * 2; }
};
inline int visible(token const& t) { return t.n * 3; }
inline token make(int n) { return { n }; }
namespace deep { inline int level = 3; inline int depth() { return level; } }
} // namespace inner
inline int visible(int n) { return n; }

// variables
inline int counter = 0;
inline int const fixed = 5;
constexpr double pi = 3.25;
inline char const* title = "calls";
inline std::string name = "global";
inline int next() { return ++counter; }
inline void reset() { counter = 0; }
inline int& counter_ref() { return counter; }
inline int const& fixed_ref() { return fixed; }
inline int* counter_ptr() { return &counter; }
inline int* no_ptr() { return nullptr; }
inline void bump(int& x) { ++x; }
inline void bump_ptr(int* x) { if(x) *x += 10; }
inline int read_const(int const& x) { return x; }
inline int consume(std::string&& s) { return static_cast<int>(s.size()); }

// enums
enum color { red, green = 5, blue };
enum class shape : unsigned char { circle = 1, square = 2 };
enum flags_ { flags_none = 0, flags_a = 1 << 0, flags_b = 1 << 1, flags_big = 1 << 30 };
enum wide : long long { wide_low = -5, wide_high = 1LL << 40 };
inline std::string color_name(color c) { return c == red ? "red" : c == green ? "green" : "blue"; }
inline std::string shape_name(shape s) { return s == shape::circle ? "circle" : "square"; }
inline int flags(int f) { return f; }
inline shape other(shape s) { return s == shape::circle ? shape::square : shape::circle; }

// static members and nested types
struct holder {
  static inline int shared = 11;
  static constexpr int limit = 99;
  static int add(int a, int b) { return a + b; }
  static int add(int a) { return a + shared; }
  enum mode { slow = 1, fast = 2 };
  enum class level { low = 7 };
  struct nested {
    int value = 4;
    static int made() { return 44; }
  };
  template<class T> static T same(T x) { return x; }
};

// functions as values
using binary = int (*)(int, int);
inline int add(int a, int b) { return a + b; }
inline int sub(int a, int b) { return a - b; }
inline binary pick(bool plus) { return plus ? add : sub; }
inline binary chosen = add;
inline int apply(binary f, int a, int b) { return f(a, b); }
struct adder {
  int by;
  int operator()(int x) const { return x + by; }
  int operator()(int x, int y) const { return x + y + by; }
};
struct counting {
  int calls = 0;
  int operator()() { return ++calls; }
};
inline adder make_adder(int by) { return { by }; }
inline adder const five{ 5 };
inline auto const lambda = [](int x) { return x * x; };

inline void nothing() { tslog::say("nothing"); }
inline int many(int a, int b, int c, int d, int e, int f, int g, int h) { return a+b+c+d+e+f+g+h; }
inline std::string order(int a, int b) { return std::to_string(a) + "," + std::to_string(b); }
inline int log_int(int x) { tslog::say(std::to_string(x)); return x; }

int never_defined(int x); // no library has it
namespace alias_target { inline int value() { return 8; } }
namespace renamed = alias_target;
using namespace_alias_type = holder;
inline namespace v1 { inline int versioned() { return 1; } }
} // namespace calls
