#pragma once
namespace broken {
inline int fine() { return 1; }
inline int wrong() { return undeclared_name; }
} // namespace broken
