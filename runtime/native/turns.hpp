// Whose turn it is: while a frame is being drawn, or wants to begin, threads that said so stand aside at the next
// loop's round or call, so that the thread that draws has the GIL to itself. None stands aside for longer than
// `patience` in one frame: what draws may be waiting for it.
#pragma once
#include "interrupt.hpp"

namespace ts {

constexpr std::uint32_t frame_wanted = 4; // a bit of `attention`

// On a thread that stands aside: waits, without the GIL, while a frame is drawn. With the GIL held.
void give_way() noexcept;
// The same for a thread that is about to take the GIL.
void wait_for_turn() noexcept;

} // namespace ts
