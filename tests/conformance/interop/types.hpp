// Types to name, cast and point to.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace types {

struct base { int b = 1; virtual ~base() = default; };
struct derived : base { int d = 2; int get() const { return d; } int add(int x) const { return d + x; } int field = 5; };
inline derived the_derived;
inline base* as_base() { return &the_derived; }
inline derived const* const_derived() { return &the_derived; }
enum color { red, green = 5 };
enum class level : std::int8_t { low = -3, high = 3 };

template<class T> struct wrap { T value{}; T get() const { return value; } using inner = T; template<class U> struct rebind { U u{}; }; };
template<class T, int N> struct fixed_array { T data[N]{}; static constexpr int size = N; };
template<class A, class B> struct duo { A a{}; B b{}; };
template<class T> std::string name_of() {
  if constexpr(std::is_same_v<T, int>) return "int";
  else if constexpr(std::is_same_v<T, int*>) return "int*";
  else if constexpr(std::is_same_v<T, int&>) return "int&";
  else if constexpr(std::is_same_v<T, int&&>) return "int&&";
  else if constexpr(std::is_same_v<T, int const>) return "int const";
  else if constexpr(std::is_same_v<T, int const*>) return "int const*";
  else if constexpr(std::is_same_v<T, int* const>) return "int* const";
  else if constexpr(std::is_same_v<T, int volatile>) return "int volatile";
  else if constexpr(std::is_same_v<T, int**>) return "int**";
  else if constexpr(std::is_same_v<T, unsigned int>) return "unsigned int";
  else if constexpr(std::is_same_v<T, unsigned char>) return "unsigned char";
  else if constexpr(std::is_same_v<T, signed char>) return "signed char";
  else if constexpr(std::is_same_v<T, long>) return "long";
  else if constexpr(std::is_same_v<T, unsigned long>) return "unsigned long";
  else if constexpr(std::is_same_v<T, long long>) return "long long";
  else if constexpr(std::is_same_v<T, long double>) return "long double";
  else if constexpr(std::is_same_v<T, short>) return "short";
  else if constexpr(std::is_same_v<T, unsigned short>) return "unsigned short";
  else if constexpr(std::is_same_v<T, int[3]>) return "int[3]";
  else if constexpr(std::is_same_v<T, int[]>) return "int[]";
  else if constexpr(std::is_same_v<T, int[2][3]>) return "int[2][3]";
  else if constexpr(std::is_same_v<T, int(int, float)>) return "int(int, float)";
  else if constexpr(std::is_same_v<T, void()>) return "void()";
  else if constexpr(std::is_same_v<T, int (*)(int, float)>) return "int(*)(int, float)";
  else if constexpr(std::is_same_v<T, std::vector<int>>) return "vector<int>";
  else if constexpr(std::is_same_v<T, std::vector<int>*>) return "vector<int>*";
  else if constexpr(std::is_same_v<T, std::map<std::string, std::vector<int>>>) return "map<string, vector<int>>";
  else if constexpr(std::is_same_v<T, duo<int, wrap<float>>>) return "duo<int, wrap<float>>";
  else if constexpr(std::is_same_v<T, int derived::*>) return "int derived::*";
  else if constexpr(std::is_same_v<T, int (derived::*)() const>) return "int (derived::*)() const";
  else if constexpr(std::is_same_v<T, float>) return "float";
  else if constexpr(std::is_same_v<T, char const*>) return "char const*";
  else if constexpr(std::is_same_v<T, std::function<int(int)>>) return "function<int(int)>";
  else if constexpr(std::is_same_v<T, void*>) return "void*";
  else return "other";
}
template<class T, class M> M read(T const& object, M T::*member) { return object.*member; }
template<class T, class R> R invoke(T const& object, R (T::*method)() const) { return (object.*method)(); }
inline int (*negate())(int) { return [](int x) { return -x; }; }
inline int call_function(std::function<int(int)> f, int x) { return f(x); }
inline void* opaque() { return &the_derived; }
inline int const* const_int() { static int const x = 9; return &x; }
inline std::intptr_t address_of(void const* p) { return reinterpret_cast<std::intptr_t>(p); }
} // namespace types
