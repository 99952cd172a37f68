// Operations on numbers of unknown kind, where the quick cases of num.hpp do not apply: the boxed ones decide.
#include "num.hpp"

namespace ts::dynamic {

double real_slow(numv v, char const* who) {
  return v.kind == numv::integer ? static_cast<double>(v.bits) : to_double(box(v).p, who);
}

#define TS_NUM(name)                                                                                         \
  numv name##_slow(numv a, numv b) { return num(ts::name(box(a).p, box(b).p)).release(); }
TS_NUM(add)
TS_NUM(sub)
TS_NUM(mul)
TS_NUM(div)
TS_NUM(quot)
TS_NUM(rem)
TS_NUM(mod)
TS_NUM(max)
TS_NUM(min)
#undef TS_NUM

#define TS_TEST(name)                                                                                        \
  bool name##_slow(numv a, numv b) { return ts::name(box(a).p, box(b).p); }
TS_TEST(lt)
TS_TEST(le)
TS_TEST(gt)
TS_TEST(ge)
TS_TEST(num_eq)
TS_TEST(equal)
#undef TS_TEST

} // namespace ts::dynamic
