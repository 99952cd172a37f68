// Types that were declared again: which of them are the same to Lisp, and the boxes that hold them.
// See runtime/cling/worlds.py for what a world is.
#pragma once
#include "interop.hpp"
#include <string>
#include <string_view>

namespace ts {

// A type's name without the worlds that it or its parts are in.
std::string without_worlds(std::string_view name);

// Whether two raw names are those of one type that was declared again with the same layout.
bool same_layout(char const* a, char const* b) noexcept;

// Boxes know each other, so that what they hold can follow a type that is declared again. With the GIL held.
void box_made(cpp_value* v);
void box_gone(cpp_value* v) noexcept;

} // namespace ts
