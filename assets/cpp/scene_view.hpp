// Draws the scene of scene.hpp into a Dear ImGui window: painter's algorithm over the draw list.
#pragma once

#include "imgui.h"

namespace scene_view
{
  // Draws into the rectangle of `size` pixels at the cursor, and takes that room. Returns whether the
  // mouse is dragging in it.
  bool draw(ImVec2 size);
}
