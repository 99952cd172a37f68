// Tier 0: calls of Lisp values, of stubs, and look-ups by keyword.
#include "../interop.hpp"
#include "../look_up.hpp"
#include "builder.hpp"

namespace ts::tier0 {

namespace {

struct call_node : node {
  nodes args;
  int place;
  value call(frame& f, PyObject* callee) const noexcept { // whose reference is given
    value* const values = TS_VALUES(args.count);
    pending given(values);
    value result = value::failure();
    if(given.all(f, args)) {
      given.forget();
      result = call_value(callee, values, args.count);
    }
    if(result.kind == value::failed) {
      f.failed(place);
      drop_failed(callee);
    } else ts::drop(callee);
    return result;
  }
  [[gnu::noinline]] static void drop_failed(PyObject* callee) noexcept {
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    ts::drop(callee);
    PyErr_Restore(type, error, trace);
  }
};

struct call_var final : call_node {
  var* v;
  value run(frame& f) const noexcept override {
    PyObject* const callee = root(v);
    return callee ? call(f, kept(callee)) : f.failed(place); // an unbound var has a root that says so
  }
};

struct call_constant final : call_node {
  PyObject* callee;
  value run(frame& f) const noexcept override { return call(f, kept(callee)); }
};

struct call_any final : call_node {
  node const* callee;
  value run(frame& f) const noexcept override {
    value const v = callee->run(f);
    PyObject* const o = v.stopped() ? nullptr : v.boxed();
    return o ? call(f, o) : f.failed(place);
  }
};

// `(:k coll)` and `(:k coll default)`, which remember where they found the key last.
struct keyword_call final : node {
  PyObject* key;
  node const *coll, *fallback; // may be null
  int place;
  hint mutable where;
  value run(frame& f) const noexcept override {
    value const c = coll->run(f);
    if(c.stopped()) return f.failed(place);
    value other = value::nil();
    if(fallback) {
      other.drop();
      other = fallback->run(f);
      if(other.stopped()) {
        c.drop();
        return f.failed(place);
      }
    }
    value const result = look_up(c, other);
    return result.stopped() ? f.failed(place) : result;
  }
  value look_up(value c, value other) const noexcept {
    return guarded_value([&] {
      ref const held = ref::own(c.boxed());
      ref const instead = ref::own(other.boxed());
      ref made;
      PyObject* const found = get_keyword_inline(held.p, key, instead.p, where, made);
      return made.p == found ? value::own(made.release()) : value::share(found);
    });
  }
};

struct stub_node final : node {
  stub_call* call;
  nodes args;
  int place;
  value run(frame& f) const noexcept override {
    value* const values = TS_VALUES(args.count);
    auto** const objects = static_cast<PyObject**>(
      __builtin_alloca((static_cast<std::size_t>(args.count) + 1) * sizeof(PyObject*)));
    pending given(values);
    for(int i = 0; i < args.count; ++i) {
      value const v = args[i]->run(f);
      objects[i] = v.stopped() ? nullptr : v.boxed();
      if(!objects[i]) return fail(f, given);
      values[given.count++] = value::own(objects[i]);
    }
    stub* const s = call->called;
    if(!s->body) {
      PyErr_Format(PyExc_RuntimeError, "the stub %U is not compiled", s->signature);
      return fail(f, given);
    }
    PyObject* const made = call_stub(s, objects, call->site);
    return made ? value::own(made) : fail(f, given);
  }
  [[gnu::noinline]] value fail(frame& f, pending& given) const noexcept {
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace); // operands may end now
    for(int i = given.count; i-- > 0;) given.values[i].drop();
    given.forget();
    PyErr_Restore(type, error, trace);
    return f.failed(place);
  }
};

template<class T> T* call_of(builder& b, PyObject* r) {
  auto* const n = b.make<T>();
  n->args = b.build_all(field(r, 1));
  n->place = number(field(r, 2));
  return n;
}

node const* make_call_var(builder& b, PyObject* r) {
  auto* const n = call_of<call_var>(b, r);
  n->v = reinterpret_cast<var*>(b.hold(field(r, 0)));
  return n;
}

node const* make_call_constant(builder& b, PyObject* r) {
  auto* const n = call_of<call_constant>(b, r);
  n->callee = b.hold(field(r, 0));
  return n;
}

node const* make_call(builder& b, PyObject* r) {
  auto* const n = b.make<call_any>();
  n->callee = b.build(field(r, 0));
  n->args = b.build_all(field(r, 1));
  n->place = number(field(r, 2));
  return n;
}

node const* make_keyword_call(builder& b, PyObject* r) {
  auto* const n = b.make<keyword_call>();
  n->key = b.hold(field(r, 0));
  n->coll = b.build(field(r, 1));
  n->fallback = none(field(r, 2)) ? nullptr : b.build(field(r, 2));
  n->place = number(field(r, 3));
  n->where = {};
  return n;
}

node const* make_stub(builder& b, PyObject* r) {
  auto* const n = b.make<stub_node>();
  n->call = reinterpret_cast<stub_call*>(b.hold(field(r, 0)));
  n->args = b.build_all(field(r, 1));
  n->place = number(field(r, 2));
  return n;
}

} // namespace

named_rule const call_rules[] = {
  { "CallVar", make_call_var },         { "CallConst", make_call_constant }, { "Call", make_call },
  { "KeywordCall", make_keyword_call }, { "Stub", make_stub },               { {}, nullptr },
};

} // namespace ts::tier0
