// What tests/native/test_num.py calls: operations on numbers of unknown kind beside those on Lisp values, for every
// pair of the given values, and what becomes of references. A disagreement is returned as a message.
#include "num.hpp"
#include "outcome.hpp"
#include <string>
#include <utility>
#include <vector>

using ts::num;
using ts::numv;
using ts::ref;

namespace {

ref boxed(num const& n) { return ts::box(n); }

template<class A, class B> void expect(char const* name, A const& dynamic, B const& objects) {
  std::string const x = outcome(dynamic), y = outcome(objects);
  if(x != y) report += std::string(name) + ": " + x + ", " + y + "\n";
}

#define CHECK(name)                                                                                          \
  expect(#name, [&] { return boxed(ts::dynamic::name(x, y)); }, [&] { return boxed(ts::name(x, y)); });      \
  expect(#name, [&] { return boxed(ts::dynamic::name(num(x), y)); }, [&] { return boxed(ts::name(x, y)); });
#define CHECK_ONE(name)                                                                                      \
  expect(#name, [&] { return boxed(ts::dynamic::name(x)); }, [&] { return boxed(ts::name(x)); });

void check(PyObject* x, PyObject* y) {
  CHECK(add) CHECK(sub) CHECK(mul) CHECK(div) CHECK(quot) CHECK(rem) CHECK(mod) CHECK(max) CHECK(min)
  CHECK(lt) CHECK(le) CHECK(gt) CHECK(ge) CHECK(num_eq) CHECK(equal)
}

void check(PyObject* x) {
  CHECK_ONE(inc) CHECK_ONE(dec) CHECK_ONE(zero_p) CHECK_ONE(pos_p) CHECK_ONE(neg_p)
  CHECK_ONE(cast_double) CHECK_ONE(cast_long) CHECK_ONE(cast_int)
  expect("real", [&] { return boxed(ts::dynamic::real(x, "+")); }, [&] { return boxed(ts::to_double(x, "+")); });
  expect("box", [&] { return boxed(num(x)); }, [&] { return ref::share(x); });
  expect("truthy", [&] { return boxed(ts::truthy(num(x))); }, [&] { return boxed(ts::truthy(x)); });
}

} // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

// The disagreements about a list's items, one a line; valid until the next call.
EXPORT char const* disagreements(PyObject* values) {
  report.clear();
  Py_ssize_t const count = PyList_GET_SIZE(values);
  for(Py_ssize_t i = 0; i < count; ++i) {
    check(PyList_GET_ITEM(values, i));
    for(Py_ssize_t j = 0; j < count; ++j) check(PyList_GET_ITEM(values, i), PyList_GET_ITEM(values, j));
  }
  return report.c_str();
}

// By how many references too many or too few an object is held after being copied, moved and given away.
EXPORT long leaked(PyObject* o) {
  Py_ssize_t const before = Py_REFCNT(o);
  {
    num a(o), b(a), c(std::move(a)), d;
    d = b;
    d = std::move(c);
    d = num(std::int64_t{ 1 });
    b = b;
    numv const given = b.release();
    num const back = num::own(given);
    num const copy = numv(back);
    std::vector<num> many(5, back);
    many.erase(many.begin());
    ref const object = ts::box(copy);
    num const again(object);
  }
  return static_cast<long>(Py_REFCNT(o) - before);
}

// 0 for an integer, 1 for a double, 2 for an object.
EXPORT long kind(PyObject* o) { return static_cast<long>(numv(o).kind); }
