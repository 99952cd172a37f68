// What tests/native/test_unboxed.py calls: the inline operations beside those on Lisp values, for every pair of
// the given numbers. A disagreement is returned as a message.
#include "math.hpp"
#include "outcome.hpp"
#include "support.hpp"
#include <cstring>
#include <string>
#include <vector>

using ts::ref;
using i64 = std::int64_t;

namespace {

template<class A, class B, class C> void expect(char const* name, A const& unboxed, B const& objects, C const& mixed) {
  std::string const x = outcome(unboxed), y = outcome(objects), z = outcome(mixed);
  if(x != y || x != z) report += std::string(name) + ": " + x + ", " + y + ", " + z + "\n";
}

#define CHECK(name)                                                                                          \
  expect(                                                                                                    \
    #name, [&] { return boxed(ts::name(a, b)); }, [&] { return boxed(ts::name(x.get(), y.get())); },         \
    [&] { return boxed(ts::name(x.get(), b)); });                                                            \
  expect(                                                                                                    \
    #name, [&] { return boxed(ts::name(a, b)); }, [&] { return boxed(ts::name(a, y.get())); },               \
    [&] { return boxed(ts::name(x.get(), y.get())); });
#define CHECK_ONE(name)                                                                                      \
  expect(                                                                                                    \
    #name, [&] { return boxed(ts::name(a)); }, [&] { return boxed(ts::name(x.get())); },                     \
    [&] { return boxed(ts::name(a)); });

template<class A, class B> void check(A a, B b) {
  ref const x = ts::box(a), y = ts::box(b);
  CHECK(add) CHECK(sub) CHECK(mul) CHECK(div) CHECK(quot) CHECK(rem) CHECK(mod)
  CHECK(lt) CHECK(le) CHECK(gt) CHECK(ge) CHECK(num_eq) CHECK(equal)
}

template<class A> void check(A a) {
  ref const x = ts::box(a);
  CHECK_ONE(inc) CHECK_ONE(dec) CHECK_ONE(neg) CHECK_ONE(abs) CHECK_ONE(zero_p) CHECK_ONE(pos_p) CHECK_ONE(neg_p)
  CHECK_ONE(cast_long) CHECK_ONE(cast_int) CHECK_ONE(cast_double)
}

} // namespace

// The disagreements, one a line; to be freed by nobody, and valid until the next call.
extern "C" __attribute__((visibility("default"))) char const* disagreements(
  i64 const* integers, i64 integer_count, double const* doubles, i64 double_count) {
  report.clear();
  for(i64 i = 0; i < integer_count; ++i) {
    check(integers[i]);
    for(i64 j = 0; j < integer_count; ++j) check(integers[i], integers[j]);
    for(i64 j = 0; j < double_count; ++j) {
      check(integers[i], doubles[j]);
      check(doubles[j], integers[i]);
    }
  }
  for(i64 i = 0; i < double_count; ++i) {
    check(doubles[i]);
    for(i64 j = 0; j < double_count; ++j) check(doubles[i], doubles[j]);
  }
  return report.c_str();
}
