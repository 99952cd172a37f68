// What the tests' C++ did, in order.
#pragma once
#include <string>

namespace tslog {
inline std::string& lines() {
  static std::string text;
  return text;
}
inline void say(std::string const& word) {
  if(!lines().empty()) lines() += ' ';
  lines() += word;
}
inline std::string take() {
  std::string text;
  text.swap(lines());
  return text;
}
} // namespace tslog
