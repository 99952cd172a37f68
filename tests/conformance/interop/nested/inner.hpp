#pragma once
#define NESTED_MACRO 31
namespace outer_ns { namespace inner_ns {
inline int answer() { return 42; }
struct thing { int v = 6; };
inline int shared_value = 3;
} }
inline int nested_global() { return 11; }
struct nested_struct { int v; };
enum nested_enum { nested_a = 1, nested_b = 4 };
