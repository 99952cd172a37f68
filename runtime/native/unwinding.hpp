// How C++ exceptions find their way, remembered.
#pragma once

namespace ts {

// Code may have come or gone: what is remembered holds no longer.
void forget_unwinding() noexcept;

} // namespace ts
