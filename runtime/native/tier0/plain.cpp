// Tier 0: constants, locals, vars, vectors, closures.
#include "builder.hpp"

namespace ts::tier0 {

namespace {

struct constant final : node {
  PyObject* o;
  value run(frame&) const noexcept override { return value::share(o); }
};
struct constant_integer final : node {
  std::int64_t i;
  value run(frame&) const noexcept override { return value::of(i); }
};
struct constant_real final : node {
  double d;
  value run(frame&) const noexcept override { return value::of(d); }
};

struct local final : node {
  int slot;
  value run(frame& f) const noexcept override { return f.slots[slot].copy(); }
  int test(frame& f) const noexcept override {
    value const v = f.slots[slot];
    return !v.is_object() || truthy(v.o());
  }
};

struct capture final : node {
  int index;
  value run(frame& f) const noexcept override { return value::share(f.self->captures[index]); }
};

struct itself final : node { // the function, by its own name inside
  value run(frame& f) const noexcept override { return value::share(reinterpret_cast<PyObject*>(f.self)); }
};

struct var_root final : node {
  var* v;
  value run(frame&) const noexcept override {
    if(PyObject* const o = root(v)) return value::share(o);
    return value::own(PyObject_GetAttrString(reinterpret_cast<PyObject*>(v), "root")); // says that there is none
  }
};

struct dynamic_var final : node {
  var* v;
  value run(frame&) const noexcept override {
    return guarded_value([&] { return value::own(deref_dynamic(v).release()); });
  }
};

struct closure final : node {
  code* shared;
  nodes captures;
  PyObject* meta; // may be null
  value run(frame& f) const noexcept override {
    value* const values = TS_VALUES(captures.count);
    pending made(values);
    if(!made.all(f, captures)) return value::failure();
    auto** const objects = static_cast<PyObject**>(
      __builtin_alloca((static_cast<std::size_t>(captures.count) + 1) * sizeof(PyObject*)));
    for(int i = 0; i < captures.count; ++i) {
      objects[i] = values[i].boxed();
      if(!objects[i]) {
        values[i] = value::of(std::int64_t{ 0 });
        return value::failure();
      }
      values[i] = value::own(objects[i]);
    }
    return guarded_value([&] {
      ref fn = make_fn(shared, objects, captures.count);
      if(meta) Py_XSETREF(reinterpret_cast<ts::fn*>(fn.p)->meta, Py_NewRef(meta));
      return value::own(fn.release());
    });
  }
};

// Functions that refer to each other: captures that do not exist yet are filled in afterwards.
struct closures final : node {
  struct patch {
    int slot, index, target; // capture `index` of the function in `slot` is the one in `target`
  };
  int const* slots;
  nodes makers;
  patch const* patches;
  int patch_count;
  node const* inner;
  value run(frame& f) const noexcept override {
    for(int i = 0; i < makers.count; ++i) {
      value const made = makers[i]->run(f);
      if(made.stopped()) return made;
      std::exchange(f.slots[slots[i]], made).drop();
    }
    for(int i = 0; i < patch_count; ++i) {
      auto* const fn = reinterpret_cast<ts::fn*>(f.slots[patches[i].slot].o());
      Py_XSETREF(fn->captures[patches[i].index], Py_NewRef(f.slots[patches[i].target].o()));
    }
    return inner->run(f);
  }
};

struct vector_literal final : node {
  nodes items;
  PyObject* make; // of a list
  value run(frame& f) const noexcept override {
    PyObject* const list = PyList_New(items.count);
    if(!list) return value::failure();
    for(int i = 0; i < items.count; ++i) {
      value const v = items[i]->run(f);
      PyObject* const o = v.stopped() ? nullptr : v.boxed();
      if(!o) {
        Py_DECREF(list);
        return value::failure();
      }
      PyList_SET_ITEM(list, i, o);
    }
    PyObject* const made = PyObject_CallOneArg(make, list);
    Py_DECREF(list);
    return value::own(made);
  }
};

node const* make_constant(builder& b, PyObject* r) {
  PyObject* const o = field(r, 0);
  std::int64_t i;
  double d;
  if(as_int64(o, i)) {
    auto* const n = b.make<constant_integer>();
    n->i = i;
    return n;
  }
  if(as_double(o, d)) {
    auto* const n = b.make<constant_real>();
    n->d = d;
    return n;
  }
  auto* const n = b.make<constant>();
  n->o = b.hold(o);
  return n;
}

node const* make_local(builder& b, PyObject* r) {
  auto* const n = b.make<local>();
  n->slot = number(field(r, 0));
  return n;
}

node const* make_capture(builder& b, PyObject* r) {
  auto* const n = b.make<capture>();
  n->index = number(field(r, 0));
  return n;
}

node const* make_itself(builder& b, PyObject*) { return b.make<itself>(); }

node const* make_root(builder& b, PyObject* r) {
  auto* const n = b.make<var_root>();
  n->v = reinterpret_cast<var*>(b.hold(field(r, 0)));
  return n;
}

node const* make_dynamic(builder& b, PyObject* r) {
  auto* const n = b.make<dynamic_var>();
  n->v = reinterpret_cast<var*>(b.hold(field(r, 0)));
  return n;
}

node const* make_closure(builder& b, PyObject* r) {
  auto* const n = b.make<closure>();
  n->shared = reinterpret_cast<code*>(b.hold(field(r, 0)));
  n->captures = b.build_all(field(r, 1));
  n->meta = none(field(r, 2)) ? nullptr : b.hold(field(r, 2));
  return n;
}

node const* make_closures(builder& b, PyObject* r) {
  auto* const n = b.make<closures>();
  PyObject *const slots = field(r, 0), *const patches = field(r, 2);
  auto* const where = b.array<int>(length(slots));
  for(Py_ssize_t i = 0; i < length(slots); ++i) where[i] = number(field(slots, i));
  n->slots = where;
  n->makers = b.build_all(field(r, 1));
  auto* const all = b.array<closures::patch>(length(patches));
  for(Py_ssize_t i = 0; i < length(patches); ++i) {
    PyObject* const p = field(patches, i);
    all[i] = { number(field(p, 0)), number(field(p, 1)), number(field(p, 2)) };
  }
  n->patches = all;
  n->patch_count = static_cast<int>(length(patches));
  n->inner = b.build(field(r, 3));
  return n;
}

node const* make_vector(builder& b, PyObject* r) {
  auto* const n = b.make<vector_literal>();
  n->items = b.build_all(field(r, 0));
  n->make = b.hold(field(r, 1));
  return n;
}

} // namespace

named_rule const plain_rules[] = {
  { "Const", make_constant },     { "Local", make_local },    { "Capture", make_capture },
  { "This", make_itself },        { "Root", make_root },      { "Deref", make_dynamic },
  { "MakeFn", make_closure },     { "LetFn", make_closures }, { "Vector", make_vector },
  { {}, nullptr },
};

} // namespace ts::tier0
