// Operations on numbers of unknown kind, where the quick cases of num.hpp do not apply: the boxed ones decide.
#include "num.hpp"

namespace ts {

ref box(numv v) {
  if(v.kind == numv::integer) return box(v.bits);
  return v.kind == numv::real ? box(v.d()) : ref::share(v.o());
}

} // namespace ts

namespace ts::dynamic {

double real_slow(numv v, char const* who) {
  return v.kind == numv::integer ? static_cast<double>(v.bits) : to_double(box(v).p, who);
}

#define TS_NUM(name)                                                                                         \
  numv name##_slow(numv a, numv b) { return num(ts::name(box(a).p, box(b).p)).release(); }
TS_OPERATIONS(TS_NUM)
TS_NUM(div)
#undef TS_NUM

#define TS_TEST(name)                                                                                        \
  bool name##_slow(numv a, numv b) { return ts::name(box(a).p, box(b).p); }
TS_TESTS(TS_TEST)
#undef TS_TEST

} // namespace ts::dynamic

namespace ts::called {

operand::operand(PyObject* o) noexcept : numv(o) {}

#define TS_NUM(name) numv name(operand a, operand b) { return dynamic::name(a, b).release(); }
TS_OPERATIONS(TS_NUM)
TS_NUM(div)
#undef TS_NUM
numv inc(operand a) { return dynamic::inc(a).release(); }
numv dec(operand a) { return dynamic::dec(a).release(); }

#define TS_TEST(name) bool name(operand a, operand b) { return dynamic::name(a, b); }
TS_TESTS(TS_TEST)
#undef TS_TEST
bool zero_p(operand a) { return dynamic::zero_p(a); }
bool pos_p(operand a) { return dynamic::pos_p(a); }
bool neg_p(operand a) { return dynamic::neg_p(a); }
double cast_double(operand a) { return dynamic::cast_double(a); }
std::int64_t cast_long(operand a) { return dynamic::cast_long(a); }
std::int64_t cast_int(operand a) { return dynamic::cast_int(a); }
double real(operand a, char const* who) { return dynamic::real(numv(a), who); }

} // namespace ts::called
