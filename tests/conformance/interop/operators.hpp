// Overloaded operators, every one of them, and types for casts.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

namespace operators {

struct num {
  int v;
  num operator+(num o) const { return { v + o.v }; }
  num operator-(num o) const { return { v - o.v }; }
  num operator*(num o) const { return { v * o.v }; }
  num operator/(num o) const { return { v / o.v }; }
  num operator%(num o) const { return { v % o.v }; }
  bool operator==(num o) const { return v == o.v; }
  bool operator!=(num o) const { return v != o.v; }
  bool operator<(num o) const { return v < o.v; }
  bool operator>(num o) const { return v > o.v; }
  bool operator<=(num o) const { return v <= o.v; }
  bool operator>=(num o) const { return v >= o.v; }
  bool operator&&(num o) const { return v && o.v; }
  bool operator||(num o) const { return v || o.v; }
  bool operator!() const { return !v; }
  num operator&(num o) const { return { v & o.v }; }
  num operator|(num o) const { return { v | o.v }; }
  num operator^(num o) const { return { v ^ o.v }; }
  num operator~() const { return { ~v }; }
  num operator<<(int n) const { return { v << n }; }
  num operator>>(int n) const { return { v >> n }; }
  num operator-() const { return { -v }; }
  num operator+() const { return { v + 100 }; }
  num& operator=(int n) { v = n; return *this; }
  num& operator+=(num o) { v += o.v; return *this; }
  num& operator-=(num o) { v -= o.v; return *this; }
  num& operator*=(num o) { v *= o.v; return *this; }
  num& operator/=(num o) { v /= o.v; return *this; }
  num& operator%=(num o) { v %= o.v; return *this; }
  num& operator&=(num o) { v &= o.v; return *this; }
  num& operator|=(num o) { v |= o.v; return *this; }
  num& operator^=(num o) { v ^= o.v; return *this; }
  num& operator<<=(int n) { v <<= n; return *this; }
  num& operator>>=(int n) { v >>= n; return *this; }
  num& operator++() { ++v; return *this; }
  num& operator--() { --v; return *this; }
  int operator[](int i) const { return v * 10 + i; }
  int operator*() const { return v * 1000; }
};
struct plain { int v; };
inline plain operator+(plain a, int b) { return { a.v + b }; }
inline plain operator+(int a, plain b) { return { a * 100 + b.v }; }
inline std::string operator+(plain a, char const* b) { return std::to_string(a.v) + b; }

inline int counter = 3;
inline int row[4] = { 10, 20, 30, 40 };
inline int grid[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
inline int const constants[2] = { 7, 8 };
inline std::vector<int> items{ 5, 6, 7 };
inline std::map<std::string, int> ages{ { "ann", 30 } };
inline std::array<double, 3> triple{ 1.5, 2.5, 3.5 };
inline char const* words[] = { "zero", "one" };
inline int* first() { return row; }
} // namespace operators
