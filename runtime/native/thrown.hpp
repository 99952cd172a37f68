// What a C++ value says that was thrown and is no std::exception.
#pragma once
#include <string>

namespace ts {

// Within a catch block: the text of the value caught, if it is a number, a truth value, a character, a string
// or an error code; "" of any other. Never throws but std::bad_alloc; faults in what the value points to are
// contained.
std::string thrown_text();

} // namespace ts
