// What compiled code submitted by `ts::submit`, for a copy of the process that tells of it: trial.cpp.
#pragma once
#include "interop.hpp"
#include <mutex>

namespace ts {

// For a copy of the process by fork: no other thread may be within `submit` meanwhile.
std::unique_lock<std::mutex> hold_submissions();

// What was submitted under a number, which it stays: its first answer, and how many there are.
bool answers_of(std::uint64_t id, answer const*& first, std::size_t& count);

} // namespace ts
