// The intermediate code of what Cling has compiled, which nothing needs any more. For the thread that owns Cling.
#pragma once
#include "support.hpp"
#include <cstdint>

namespace ts {

// From now on it is kept for `forget_modules` instead of for good; false where that cannot be had.
bool hold_modules();

// Frees it, before a transaction: those before it are not taken back any more.
void forget_modules();

std::uint64_t forgotten_modules(); // so far; for any thread

} // namespace ts
