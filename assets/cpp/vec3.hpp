// Arithmetic on the scene's vectors, for its C++ files: inline, because they are all arithmetic.
#pragma once

#include <cmath>

#include "scene.hpp"

namespace scene
{
  inline Vec3 operator+(Vec3 a, Vec3 b) { return { a.x + b.x, a.y + b.y, a.z + b.z }; }
  inline Vec3 operator-(Vec3 a, Vec3 b) { return { a.x - b.x, a.y - b.y, a.z - b.z }; }
  inline Vec3 operator*(Vec3 a, float k) { return { a.x * k, a.y * k, a.z * k }; }
  inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
  inline Vec3 cross(Vec3 a, Vec3 b)
  {
    return { a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x };
  }
  inline float length(Vec3 a) { return std::sqrt(dot(a, a)); }
}
