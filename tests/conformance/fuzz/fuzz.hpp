// The C++ that generated programs use. Nothing here has undefined behaviour, whatever the arguments are.
#pragma once
#include "../interop/log.hpp"
#include <stdexcept>
#include <string>
#include <vector>

namespace fuzz {

// integers: wrapping, so that every tier must agree
inline int wrap(long long v) { return static_cast<int>(static_cast<unsigned>(v)); }
inline int add(int a, int b) { return wrap(static_cast<long long>(a) + b); }
inline int mul(int a, int b) { return wrap(static_cast<long long>(a) * b); }
inline int small(int a) { return a % 100; }
inline long long wide(long long a) { return a ^ 1; }
inline unsigned char byte_of(unsigned char c) { return static_cast<unsigned char>(c + 1); }
inline int note(int x) { tslog::say("n" + std::to_string(x)); return x; }
inline int three(int a, int b, int c) { tslog::say("three"); return wrap(100ll * (a % 7) + 10ll * (b % 7) + c % 7); }
inline double half(double x) { return x / 2; }
inline float narrow(float x) { return x; }
inline bool odd(int x) { return x % 2 != 0; }

// overloads
inline std::string kind(int) { return "int"; }
inline std::string kind(double) { return "double"; }
inline std::string kind(bool) { return "bool"; }
inline std::string kind(std::string const&) { return "string"; }
inline std::string ref_kind(int&) { return "lvalue"; }
inline std::string ref_kind(int&&) { return "rvalue"; }
template<class A, class B> std::string ref_kinds(A&& a, B&& b) {
  return ref_kind(static_cast<A&&>(a)) + " " + ref_kind(static_cast<B&&>(b));
}

// references and pointers
inline void bump(int& x) { x = add(x, 1); }
inline void bump_ptr(int* x) { if(x) *x = add(*x, 10); }
inline int& same(int& x) { return x; }
inline int counter = 0;
inline int* maybe(bool yes) { return yes ? &counter : nullptr; }
inline int read(int const* x) { return x ? *x : -1; }
inline void swap(int& a, int& b) { int const t = a; a = b; b = t; }

// enums
enum color { red, green = 5, blue };
enum class level : unsigned char { low = 1, high = 2 };
inline color next(color c) { return c == red ? green : c == green ? blue : red; }
inline std::string color_name(color c) { return c == red ? "red" : c == green ? "green" : "blue"; }
inline level other(level l) { return l == level::low ? level::high : level::low; }

// text and vectors
inline std::string join(std::string const& a, std::string const& b) { return a.substr(0, 20) + "|" + b.substr(0, 20); }
inline int length(char const* text) { int n = 0; while(*text++) ++n; return n; }
inline std::vector<int> iota(int n) {
  std::vector<int> v;
  for(int i = 0; i < n && i < 4; ++i) v.push_back(i);
  return v;
}
inline int sum(std::vector<int> const& v) { int s = 0; for(int x : v) s = add(s, x); return s; }

// objects that tell of their lives
struct item {
  std::string name;
  int v;
  item(std::string n, int v) : name(std::move(n)), v(v) { tslog::say("+" + name); }
  item(item const& o) : name(o.name + "'"), v(o.v) { tslog::say("copy:" + name); }
  item(item&& o) noexcept : name(std::move(o.name)), v(o.v) { o.name.clear(); }
  item& operator=(item const& o) { v = o.v; tslog::say(name + "=" + o.name); return *this; }
  item& operator=(item&& o) noexcept { v = o.v; tslog::say(name + "=" + o.name); return *this; }
  ~item() { if(!name.empty()) tslog::say("-" + name); }
  int get() const { return v; }
  std::string title() const { return name + ":" + std::to_string(v); }
  item& self() { return *this; }
  item& put(int x) { v = x; return *this; }
  char const* text() const { return name.c_str(); }
};
inline item make(std::string n, int v) { return item(std::move(n), v); }
inline int use(item const& i) { tslog::say("use:" + i.name); return i.v; }
inline item const& pass(item const& i) { tslog::say("pass:" + i.name); return i; }
inline int pair(item const& a, item const& b) { tslog::say("pair:" + a.name + b.name); return add(a.v, b.v); }
inline int fail(item const& i) { throw std::runtime_error("with " + i.name); }

// virtual calls
struct shape {
  virtual ~shape() { tslog::say("~shape"); }
  virtual int area() const = 0;
};
struct square : shape {
  int side;
  explicit square(int side) : side(side) {}
  int area() const override { return mul(side, side); }
};
struct line : shape {
  int area() const override { return 0; }
};
inline int area(shape const& s) { return s.area(); }

// functors and function pointers
struct adder {
  int by;
  int operator()(int x) const { return add(x, by); }
};
struct counting {
  int calls = 0;
  int operator()() { return ++calls; }
};
using binary = int (*)(int, int);
inline binary pick(bool plus) { return plus ? add : mul; }

// exceptions
struct base_error : std::runtime_error {
  int code;
  base_error(std::string const& what, int code) : std::runtime_error(what), code(code) {}
};
struct derived_error : base_error {
  explicit derived_error(int code) : base_error("derived", code) {}
};
inline int raise_int(int v) { throw v; }
inline int raise_text(std::string const& text) { throw std::runtime_error(text); }
inline int raise_derived(int code) { throw derived_error(code); }
inline int raise_range(int i) { return std::vector<int>(3, i).at(static_cast<unsigned>(i)); }
inline int raise_if(bool yes) { if(yes) throw std::logic_error("if"); return 1; }

} // namespace fuzz
