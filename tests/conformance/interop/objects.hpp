// Classes: construction, members, inheritance, ownership.
#pragma once
#include "log.hpp"
#include <memory>
#include <string>
#include <vector>

namespace objects {

struct point {
  int x;
  int y;
  int sum() const { return x + y; }
  point& move(int dx, int dy) { x += dx; y += dy; return *this; }
  point moved(int dx, int dy = 0) const { return { x + dx, y + dy }; }
};
struct line { point from, to; char const* name = "line"; };
inline int manhattan(point const& p) { return (p.x < 0 ? -p.x : p.x) + (p.y < 0 ? -p.y : p.y); }
inline int by_value(point p) { p.x = 1000; return p.x + p.y; }
inline void reset(point& p) { p = { 0, 0 }; }
inline void reset_ptr(point* p) { *p = { -1, -1 }; }
inline point make_point(int x, int y) { return { x, y }; }
inline point origin{ 0, 0 };
inline point& the_origin() { return origin; }
inline point const& const_origin() { return origin; }
inline point const fixed{ 3, 4 };
inline point* point_ptr() { return &origin; }
inline point* null_point() { return nullptr; }

class account {
  int cents_ = 0;
public:
  std::string owner = "nobody";
  static inline int made = 0;
  account() { ++made; }
  explicit account(int cents) : cents_(cents) {}
  account(std::string name, int cents) : cents_(cents), owner(std::move(name)) {}
  int cents() const { return cents_; }
  void add(int c) { cents_ += c; }
  void add(int c, int times) { cents_ += c * times; }
  int& raw() { return cents_; }
  std::string text() const { return owner + ":" + std::to_string(cents_); }
  template<class T> T as() const { return static_cast<T>(cents_); }
  char const* label(int) const { return "int"; }
  char const* label(double) const { return "double"; }
  char const* which() { return "mutable"; }
  char const* which() const { return "const"; }
  static int twice(int x) { return 2 * x; }
private:
  int secret() const { return 1; }
};
inline account const frozen{ 12 };

// inheritance
struct shape {
  int id = 1;
  virtual ~shape() { tslog::say("~shape"); }
  virtual std::string name() const { return "shape"; }
  virtual int sides() const = 0;
  std::string plain() const { return "plain shape"; }
};
struct square : shape {
  int side = 2;
  std::string name() const override { return "square"; }
  int sides() const override { return 4; }
  std::string plain() const { return "plain square"; }
};
struct disc : shape {
  int sides() const override { return 0; }
};
inline std::string describe(shape const& s) { return s.name() + "/" + std::to_string(s.sides()); }
inline shape* new_square() { return new square; }
inline shape* new_disc() { return new disc; }

// ownership
struct traced {
  std::string name;
  explicit traced(std::string n) : name(std::move(n)) { tslog::say("+" + name); }
  traced(traced const& o) : name(o.name + "'") { tslog::say("copy " + name); }
  traced(traced&& o) noexcept : name(std::move(o.name)) { o.name = ""; }
  traced& operator=(traced const& o) { name = o.name; tslog::say("=" + name); return *this; }
  ~traced() { if(!name.empty()) tslog::say("-" + name); }
  std::string const& get() const { return name; }
  traced& self() { return *this; }
  char const* text() const { return name.c_str(); }
  int size() const { return static_cast<int>(name.size()); }
};
inline traced make_traced(std::string n) { return traced(std::move(n)); }
inline int use(traced const& t) { tslog::say("use " + t.name); return t.size(); }
inline int use_text(char const* t) { tslog::say(std::string("use ") + t); return 1; }
inline char const* same_text(char const* t) { return t; }
inline int two_texts(char const* a, char const* b) { tslog::say(std::string("use ") + a + b); return 2; }
inline traced const& pass(traced const& t) { tslog::say("pass " + t.name); return t; }
inline int pair(traced const& a, traced const& b) { tslog::say("pair " + a.name + b.name); return 2; }
inline void fail_with(traced const& t) { throw std::runtime_error("with " + t.name); }
inline int note(int x) { tslog::say("note " + std::to_string(x)); return x; }
inline int mixed(int a, traced const& t, int b) { tslog::say("mixed"); return a + t.size() + b; }

struct only_moves {
  std::unique_ptr<int> value;
  explicit only_moves(int v) : value(new int(v)) {}
  int get() const { return value ? *value : -1; }
};
inline only_moves make_moving(int v) { return only_moves(v); }
inline int take(only_moves m) { return m.get(); }
struct pinned {
  int v;
  explicit pinned(int v) : v(v) {}
  pinned(pinned const&) = delete;
  int get() const { return v; }
};
inline int use_pinned(pinned const& p) { return p.v; }

struct truthy { bool v; explicit operator bool() const { return v; } };
struct untruthy { int v; };
struct node { int value; node* next; };
struct bits { unsigned low : 3; unsigned high : 5; };
union number { int i; float f; };
struct owner { std::unique_ptr<traced> held; std::vector<int> items; int grid[2][3]; int row[4]; };

struct private_ctor { static private_ctor make() { return {}; } int v() const { return 5; } private: private_ctor() = default; };
struct abstract { virtual int f() = 0; };
struct no_default { explicit no_default(int) {} };
} // namespace objects
