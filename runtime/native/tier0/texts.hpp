// `str` of what most programs put together.
#pragma once
#include "node.hpp"

namespace ts::tier0 {

extern PyObject* text_function; // the core's `str`; null until it is known

// What it makes of the values, which stay the caller's; false where there is one that is the function's business.
bool text_of(value* values, int count, value& result) noexcept;

} // namespace ts::tier0
