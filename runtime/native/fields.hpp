// The fields of a class, as Clang lists them: names, types, places and sizes, those of nested classes too.
// Included into Cling where it is asked for. Source: `__builtin_dump_struct` in Clang's language extensions, whose
// calls are told apart by their format strings.
#pragma once
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

namespace ts {

// A line for each field: depth, type, name, offset, size, separated by tabs; a bit-field has the size 0.
struct field_lines {
  std::string text;
  char const* object = nullptr;
  int depth = 0;
  bool opaque = false; // something was not told

  template<class... A> int operator()(char const* format, A const&... values) {
    if(std::strchr(format, '}')) --depth;
    if constexpr(sizeof...(A) >= 3) line(format, values...);
    if(std::strchr(format, '{')) ++depth;
    return 0;
  }

private:
  void line(char const*, char const*, char const* type, char const* name) { add(type, name, nullptr, 0); } // nested
  template<class V> void line(char const* format, char const*, char const* type, char const* name, V const& value) {
    if constexpr(std::is_pointer_v<V> && std::is_object_v<std::remove_pointer_t<V>>) {
      if(std::strstr(format, "*%p")) { // what cannot be printed comes as a pointer to it
        add(type, name, reinterpret_cast<char const*>(value), sizeof(std::remove_pointer_t<V>));
        return;
      }
    }
    add(type, name, reinterpret_cast<char const*>(&value), sizeof(V));
  }
  template<class V>
  void line(char const*, char const*, char const* type, char const* name, std::size_t, V const&) { // a bit-field
    add(type, name, nullptr, 0);
    opaque = true;
  }
  void add(char const* type, char const* name, char const* at, std::size_t size) {
    text += std::to_string(depth) + '\t' + type + '\t' + name + '\t' + std::to_string(at ? at - object : -1) + '\t'
      + std::to_string(size) + '\n';
  }
};

// The lines of T. No object of T is made: only places are looked at.
template<class T> std::string fields_of() {
  if constexpr(std::is_class_v<T>) {
    alignas(T) static char room[sizeof(T)];
    field_lines lines;
    lines.object = room;
    __builtin_dump_struct(reinterpret_cast<T*>(room), lines);
    return lines.text;
  } else return {};
}

} // namespace ts
