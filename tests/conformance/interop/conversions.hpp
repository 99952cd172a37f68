// Parameters and results of every convertible type.
#pragma once
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace conversions {

inline bool a_bool(bool x) { return x; }
inline char a_char(char x) { return x; }
inline signed char a_schar(signed char x) { return x; }
inline unsigned char a_uchar(unsigned char x) { return x; }
inline short a_short(short x) { return x; }
inline unsigned short a_ushort(unsigned short x) { return x; }
inline int a_int(int x) { return x; }
inline unsigned a_uint(unsigned x) { return x; }
inline long a_long(long x) { return x; }
inline unsigned long a_ulong(unsigned long x) { return x; }
inline long long a_llong(long long x) { return x; }
inline unsigned long long a_ullong(unsigned long long x) { return x; }
inline float a_float(float x) { return x; }
inline double a_double(double x) { return x; }
inline std::size_t a_size(std::size_t x) { return x; }
inline char const* a_cstring(char const* x) { return x; }
inline std::string a_string(std::string x) { return x; }
inline std::string const& a_string_ref(std::string const& x) { static std::string kept; return kept = x; }
inline std::string a_view(std::string_view x) { return std::string(x); }
inline std::vector<int> ints(std::vector<int> x) { return x; }
inline std::vector<double> doubles(std::vector<double> const& x) { return x; }
inline std::vector<std::string> strings(std::vector<std::string> x) { return x; }
inline std::vector<bool> bools(std::vector<bool> x) { return x; }
inline std::vector<std::vector<int>> nested(std::vector<std::vector<int>> x) { return x; }
inline std::map<std::string, int> a_map(std::map<std::string, int> x) { return x; }
inline std::unordered_map<int, std::string> a_hash(std::unordered_map<int, std::string> x) { return x; }
inline std::map<std::string, std::vector<int>> map_of_vectors(std::map<std::string, std::vector<int>> x) { return x; }
enum color { red, green = 5 };
enum class level : std::int8_t { low = -3, high = 3 };
inline color a_color(color x) { return x; }
inline level a_level(level x) { return x; }
inline int* a_pointer(int* x) { return x; }
inline std::nullptr_t null() { return nullptr; }
inline char const* no_text() { return nullptr; }
inline char const* latin() { return "\xff"; }
inline void two(int, std::string const&) {}
struct taker { void take(int, float) {} explicit taker(int) {} };
struct opaque { int v; };
inline opaque give_opaque() { return { 1 }; }
inline std::vector<opaque> opaques() { return { { 1 } }; }
inline char buffer[16] = "in a buffer";

// C variadics
inline std::string format(char const* text, ...) {
  char out[512];
  va_list list;
  va_start(list, text);
  int const n = std::vsnprintf(out, sizeof out, text, list);
  va_end(list);
  return std::string(out, n < 0 ? 0 : static_cast<std::size_t>(n));
}
inline std::string tagged(int tag, char const* text, ...) {
  char out[512];
  va_list list;
  va_start(list, text);
  std::vsnprintf(out, sizeof out, text, list);
  va_end(list);
  return std::to_string(tag) + ":" + out;
}
struct sink {
  std::string got;
  void print(char const* text, ...) {
    char out[512];
    va_list list;
    va_start(list, text);
    std::vsnprintf(out, sizeof out, text, list);
    va_end(list);
    got += out;
  }
};

// exceptions
struct base_error { int code; std::string text; virtual ~base_error() = default; virtual std::string say() const { return "base"; } };
struct derived_error : base_error { int extra = 7; std::string say() const override { return "derived"; } };
struct other_error { int v; };
inline void raise_runtime(char const* text) { throw std::runtime_error(text); }
inline void raise_range() { throw std::out_of_range("range"); }
inline void raise_derived(int code) { derived_error e; e.code = code; e.text = "d"; throw e; }
inline void raise_int(int x) { throw x; }
inline void raise_letters() { throw "letters"; }
inline void raise_wild_letters() { throw reinterpret_cast<char const *>(16); }
inline void raise_text(char const* x) { throw x; }
inline int raise_if(bool b) { if(b) throw std::logic_error("logic"); return 1; }
inline int caught_inside(bool b) { try { return raise_if(b); } catch(std::exception const&) { return -1; } }
} // namespace conversions
