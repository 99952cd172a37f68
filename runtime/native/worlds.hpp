// Types that were declared again: which of them are the same to Lisp.
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

} // namespace ts
