// Where a library's calls of functions of other libraries go: the loader wrote their addresses into tables of it.
#pragma once
#include <cstddef>
#include <link.h>

namespace ts {

struct replacement {
  char const* name;
  void* function;
};

// Has what a library calls by these names be these functions; false where it has no such tables.
bool replace_calls(link_map const* library, replacement const* first, std::size_t count) noexcept;

} // namespace ts
