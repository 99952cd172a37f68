// Tier 0: calls of Lisp values, of stubs, and look-ups by keyword.
#include "../calls.hpp"
#include "../interop.hpp"
#include "../look_up.hpp"
#include "builder.hpp"
#include "texts.hpp"

namespace ts::tier0 {

namespace {

struct call_node : node {
  nodes args;
  int place;
  // The arity that a call would run, where it can be called directly; null where it cannot.
  [[gnu::always_inline]] body* direct_arity(PyObject* callee) const noexcept {
    if(__builtin_expect(Py_TYPE(callee) != fn_type, 0)) return nullptr;
    body* const code = arity_for(reinterpret_cast<fn*>(callee)->shared->arities, args.count);
    return code && !code->variadic ? code : nullptr;
  }
  // The callee's reference is given.
  [[gnu::always_inline]] value call(frame& f, PyObject* callee) const noexcept {
    if(body* const code = direct_arity(callee)) {
      auto* const g = reinterpret_cast<fn*>(callee);
      if(runs_in_tier_0(g->shared)) {
        kept_callee const held{ g };
        return call_direct(f, g, code);
      }
    }
    return call_other(f, callee);
  }
  // A function in tier 0, which is kept alive: its arguments are evaluated where its frame is going to be.
  [[gnu::always_inline]] value call_direct(frame& f, fn* callee, body* code) const noexcept {
    value* const slots = TS_VALUES(code->size);
    for(int i = 0; i < args.count; ++i) {
      value const v = args[i]->run(f);
      if(__builtin_expect(v.stopped(), 0)) return give_up(f, slots, i);
      slots[i] = v;
    }
    ts::code* const shared = callee->shared;
    if(__builtin_expect(!count_call(shared), 0)) return give_up(f, slots, args.count);
    if(__builtin_expect(sampled(shared) || !runs_in_tier_0(shared), 0)) return call_slowly(f, callee, slots);
    if(__builtin_expect(!has_room(code), 0)) return give_up(f, slots, args.count);
    value const result = activate(code, callee, slots);
    if(__builtin_expect(result.kind == value::failed, 0)) f.failed(place);
    return result;
  }
  [[gnu::noinline]] value call_slowly(frame& f, fn* callee, value* values) const noexcept {
    value const result = call_counted(callee, values, args.count);
    if(result.kind == value::failed) f.failed(place);
    return result;
  }
  struct kept_callee { // with its arities; its end may be that of the function, where an error is set too
    fn* callee;
    explicit kept_callee(fn* f) noexcept : callee(f) {}
    kept_callee(kept_callee const&) = delete;
    ~kept_callee() {
      if(__builtin_expect(Py_REFCNT(callee) > 1, 1)) ts::drop(reinterpret_cast<PyObject*>(callee));
      else drop_failed(reinterpret_cast<PyObject*>(callee));
    }
  };
  [[gnu::noinline]] value give_up(frame& f, value const* values, int count) const noexcept {
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace);
    while(count-- > 0) values[count].drop();
    PyErr_Restore(type, error, trace);
    return f.failed(place);
  }
  [[gnu::noinline]] value call_other(frame& f, PyObject* callee) const noexcept {
    value* const values = TS_VALUES(args.count);
    pending given(values);
    value result = value::failure();
    if(given.all(f, args) && !(callee == text_function && text_of(values, args.count, result))) {
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
  // What its root was when it was looked at last, while the version is the same: that holds it.
  fn mutable* known;
  body mutable* code; // null where the root cannot be called directly
  std::uint64_t mutable version;
  value run(frame& f) const noexcept override {
    if(__builtin_expect(v->version != version, 0)) look();
    if(__builtin_expect(code && runs_in_tier_0(known->shared), 1)) {
      fn* const callee = known;
      if(callee == f.self) return call_direct(f, callee, code); // who called that keeps it
      keep(reinterpret_cast<PyObject*>(callee));
      kept_callee const held{ callee };
      return call_direct(f, callee, code);
    }
    PyObject* const callee = root(v);
    return callee ? call_other(f, kept(callee)) : f.failed(place); // an unbound var has a root that says so
  }
  [[gnu::noinline]] void look() const noexcept {
    PyObject* const callee = root(v);
    version = v->version;
    code = callee ? direct_arity(callee) : nullptr;
    known = reinterpret_cast<fn*>(callee);
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
  // A constant or a local's object is lent to the stub; anything else is its node's result.
  struct operand {
    node const* n;
    PyObject* fixed;
    int slot; // -1 for none
  };
  stub_call* call;
  operand const* args;
  int count;
  int place;
  value run(frame& f) const noexcept override {
    value* const values = TS_VALUES(count);
    auto** const objects = static_cast<PyObject**>(
      __builtin_alloca((static_cast<std::size_t>(count) + 1) * sizeof(PyObject*)));
    pending given(values);
    for(int i = 0; i < count; ++i) {
      operand const& arg = args[i];
      if(arg.fixed) objects[i] = arg.fixed;
      else if(arg.slot >= 0 && f.slots[arg.slot].is_object()) objects[i] = f.slots[arg.slot].o();
      else {
        value const v = arg.n->run(f);
        objects[i] = v.stopped() ? nullptr : v.boxed();
        if(!objects[i]) return fail(f, given);
        values[given.count++] = value::own(objects[i]);
      }
    }
    stub* const s = call->called;
    if(!s->body) {
      PyErr_Format(PyExc_RuntimeError, "the stub %U is not compiled", s->signature);
      return fail(f, given);
    }
    PyObject* const made = call_stub(s, objects, call->site);
    if(__builtin_expect(call_observer != nullptr, 0) && made) tell(f);
    return made ? value::own(made) : fail(f, given);
  }
  [[gnu::noinline]] void tell(frame& f) const noexcept {
    PyObject* const places = PyDict_GetItemString(f.code->places, "places"); // borrowed
    observe_call(places && place >= 0 ? PyTuple_GET_ITEM(places, place) : nullptr, f.code->name);
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
  n->known = nullptr;
  n->code = nullptr;
  n->version = ~std::uint64_t{ 0 };
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
  PyObject* const args = field(r, 1);
  n->count = static_cast<int>(length(args));
  auto* const all = b.array<stub_node::operand>(n->count);
  for(int i = 0; i < n->count; ++i) {
    PyObject* const arg = field(args, i);
    std::string_view const kind = Py_TYPE(arg)->tp_name;
    bool const fixed = kind == "Const";
    all[i] = { fixed ? nullptr : b.build(arg), fixed ? b.hold(field(arg, 0)) : nullptr,
               kind == "Local" ? number(field(arg, 0)) : -1 };
  }
  n->args = all;
  n->place = number(field(r, 2));
  return n;
}

} // namespace

named_rule const call_rules[] = {
  { "CallVar", make_call_var },         { "CallConst", make_call_constant }, { "Call", make_call },
  { "KeywordCall", make_keyword_call }, { "Stub", make_stub },               { {}, nullptr },
};

} // namespace ts::tier0
