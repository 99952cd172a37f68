// Tier 0: branches, scopes, loops.
#include "../compiled.hpp"
#include "../ownership.hpp"
#include "builder.hpp"

namespace ts::tier0 {

namespace {

constexpr int checked_every = 1024; // rounds between two looks at whether the loop is compiled

struct if_node final : node {
  node const *condition, *then, *otherwise;
  value run(frame& f) const noexcept override {
    int const holds = condition->test(f);
    if(holds < 0) return value::failure();
    return (holds ? then : otherwise)->run(f);
  }
  int test(frame& f) const noexcept override {
    int const holds = condition->test(f);
    if(holds < 0) return -1;
    return (holds ? then : otherwise)->test(f);
  }
};

struct do_node final : node {
  nodes statements;
  node const* last;
  bool effects(frame& f) const noexcept {
    for(int i = 0; i < statements.count; ++i) {
      value const v = statements[i]->run(f);
      if(v.stopped()) return false;
      v.drop();
    }
    return true;
  }
  value run(frame& f) const noexcept override { return effects(f) ? last->run(f) : value::failure(); }
  int test(frame& f) const noexcept override { return effects(f) ? last->test(f) : -1; }
};

// A slot lets go of what it has. While an error is on its way it is kept aside: what is let go of may run anything.
[[gnu::noinline]] void clear_failed(value old) noexcept {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  old.drop();
  PyErr_Restore(type, error, trace);
}

struct binding {
  int slot;
  bool ends; // its C++ object is destroyed at the end of the scope
  node const* init;
};

// Binds locals in order; how many. Where that stops before the last one, `result` is what it stopped with.
inline int bind(frame& f, binding const* bindings, int count, value& result) noexcept {
  for(int made = 0; made < count; ++made) {
    value const v = bindings[made].init->run(f);
    if(v.stopped()) {
      result = v;
      return made;
    }
    std::exchange(f.slots[bindings[made].slot], v).drop();
  }
  return count;
}

// The end of a scope whose last result is given: the locals, the last one first.
value end_scope(frame& f, binding const* bindings, int count, value result) noexcept {
  for(int i = count; i-- > 0;) {
    value const old = std::exchange(f.slots[bindings[i].slot], value::of(std::int64_t{ 0 }));
    if(!old.is_object()) continue;
    if(bindings[i].ends && !destroy_local(old.o())) {
      result.drop();
      result = value::failure();
    }
    if(result.kind == value::failed) clear_failed(old);
    else old.drop();
  }
  return result;
}

struct let_node final : node {
  binding const* bindings;
  int count;
  node const* inner;
  value run(frame& f) const noexcept override {
    value result;
    int const made = bind(f, bindings, count, result);
    if(made == count) result = inner->run(f);
    return end_scope(f, bindings, made, result);
  }
};

struct loop_node final : node {
  binding const* bindings;
  int count;
  node const* inner;
  int place;
  PyObject* replacement; // Python: (values, rounds) -> a function to call with them, or None; null where there is none
  nodes state;           // the values
  value run(frame& f) const noexcept override {
    value result;
    int const made = bind(f, bindings, count, result);
    if(made == count) result = rounds(f);
    if(result.kind == value::failed) f.failed(place);
    return end_scope(f, bindings, made, result);
  }
  value rounds(frame& f) const noexcept {
    for(std::uint64_t done = 0;; done += checked_every) {
      for(int turn = 0; turn < checked_every; ++turn) {
        value const result = inner->run(f);
        if(result.kind != value::recur) {
          if((turn || done) && f.self) f.self->shared->loops += static_cast<std::uint64_t>(turn) + 1;
          return result;
        }
        if(!next_round(f)) return value::failure();
      }
      if(f.self) f.self->shared->loops += checked_every;
      if(!replacement) continue;
      value result;
      if(replaced(f, done + checked_every, result)) return result;
    }
  }
  [[gnu::noinline]] bool replaced(frame& f, std::uint64_t done, value& result) const noexcept {
    result = value::failure();
    PyObject* const values = PyList_New(state.count);
    if(!values) return true;
    for(int i = 0; i < state.count; ++i) {
      value const v = state[i]->run(f);
      PyObject* const o = v.stopped() ? nullptr : v.boxed();
      if(!o) {
        Py_DECREF(values);
        return true;
      }
      PyList_SET_ITEM(values, i, o);
    }
    PyObject* const compiled = PyObject_CallFunction(replacement, "OK", values, static_cast<unsigned long long>(done));
    if(!compiled || compiled == Py_None) {
      Py_XDECREF(compiled);
      Py_DECREF(values);
      return !compiled;
    }
    PyObject* const arguments = PyList_AsTuple(values);
    Py_DECREF(values);
    if(arguments) {
      for(int i = 0; i < count; ++i) { // they go over to it
        if(bindings[i].ends) continue;
        std::exchange(f.slots[bindings[i].slot], value::of(std::int64_t{ 0 })).drop();
      }
      result = value::own(PyObject_CallObject(compiled, arguments));
    }
    Py_XDECREF(arguments);
    Py_DECREF(compiled);
    return true;
  }
};

// New values for the locals of the loop or function around.
struct recur_one final : node {
  int slot;
  node const* next;
  value run(frame& f) const noexcept override {
    value const v = next->run(f);
    if(v.stopped()) return v;
    std::exchange(f.slots[slot], v).drop();
    return value::again();
  }
};

struct recur_two final : node {
  int slot, other_slot;
  node const *next, *other;
  value run(frame& f) const noexcept override {
    value const v = next->run(f);
    if(v.stopped()) return v;
    value const w = other->run(f);
    if(__builtin_expect(w.stopped(), 0)) {
      clear_failed(v);
      return w;
    }
    std::exchange(f.slots[slot], v).drop();
    std::exchange(f.slots[other_slot], w).drop();
    return value::again();
  }
};

struct recur_node final : node {
  int const* slots;
  stub_call* const* stubs; // of those whose object is assigned to, else null
  nodes next;
  value run(frame& f) const noexcept override {
    value* const values = TS_VALUES(next.count);
    pending made(values);
    if(!made.all(f, next)) return value::failure();
    for(int i = 0; i < next.count; ++i) {
      if(!stubs[i]) {
        std::swap(f.slots[slots[i]], values[i]);
        continue;
      }
      PyObject* const assigned = values[i].boxed();
      values[i] = assigned ? value::own(assigned) : value::of(std::int64_t{ 0 });
      if(!assigned) return value::failure();
      PyObject* const operands[] = { f.slots[slots[i]].o(), assigned };
      PyObject* const done = call_stub(stubs[i]->called, operands, stubs[i]->site);
      if(!done) return value::failure();
      Py_DECREF(done);
    }
    return value::again();
  }
};

struct case_node final : node {
  struct constant {
    PyObject* o;
    int clause;
  };
  node const* tested;
  constant const* constants; // null where there are many:
  int count;
  PyObject* find; // Python: value -> number of the clause, -1 for none
  nodes results;  // the default is the last
  value run(frame& f) const noexcept override {
    value const v = tested->run(f);
    if(v.stopped()) return v;
    int const found = clause(v.unboxed());
    return found == -2 ? value::failure() : results[found < 0 ? results.count - 1 : found]->run(f);
  }
  int clause(value v) const noexcept {
    PyObject* const o = v.boxed();
    if(!o) return -2;
    int found = -1;
    try {
      if(find) {
        ref const made = ref::own(PyObject_CallOneArg(find, o));
        found = static_cast<int>(PyLong_AsLong(made.p));
      } else {
        for(int i = 0; i < count && found < 0; ++i)
          if(ts::equal(o, constants[i].o)) found = constants[i].clause;
      }
    } catch(...) {
      set_python_error();
      found = -2;
    }
    Py_DECREF(o);
    return found;
  }
};

binding const* bindings_of(builder& b, PyObject* tuple) {
  auto* const all = b.array<binding>(length(tuple));
  for(Py_ssize_t i = 0; i < length(tuple); ++i) {
    PyObject* const t = field(tuple, i);
    all[i] = { number(field(t, 0)), flag(field(t, 2)), b.build(field(t, 1)) };
  }
  return all;
}

node const* make_if(builder& b, PyObject* r) {
  auto* const n = b.make<if_node>();
  n->condition = b.build(field(r, 0));
  n->then = b.build(field(r, 1));
  n->otherwise = b.build(field(r, 2));
  return n;
}

node const* make_do(builder& b, PyObject* r) {
  auto* const n = b.make<do_node>();
  n->statements = b.build_all(field(r, 0));
  n->last = b.build(field(r, 1));
  return n;
}

node const* make_let(builder& b, PyObject* r) {
  auto* const n = b.make<let_node>();
  n->bindings = bindings_of(b, field(r, 0));
  n->count = static_cast<int>(length(field(r, 0)));
  n->inner = b.build(field(r, 1));
  return n;
}

node const* make_loop(builder& b, PyObject* r) {
  auto* const n = b.make<loop_node>();
  n->bindings = bindings_of(b, field(r, 0));
  n->count = static_cast<int>(length(field(r, 0)));
  n->inner = b.build(field(r, 1));
  n->place = number(field(r, 2));
  n->replacement = none(field(r, 3)) ? nullptr : b.hold(field(r, 3));
  n->state = b.build_all(field(r, 4));
  return n;
}

node const* make_recur(builder& b, PyObject* r) {
  PyObject *const slots = field(r, 0), *const stubs = field(r, 2);
  Py_ssize_t const count = length(slots);
  if(count == 1 && none(field(stubs, 0))) {
    auto* const n = b.make<recur_one>();
    n->slot = number(field(slots, 0));
    n->next = b.build(field(field(r, 1), 0));
    return n;
  }
  if(count == 2 && none(field(stubs, 0)) && none(field(stubs, 1))) {
    auto* const n = b.make<recur_two>();
    n->slot = number(field(slots, 0));
    n->other_slot = number(field(slots, 1));
    n->next = b.build(field(field(r, 1), 0));
    n->other = b.build(field(field(r, 1), 1));
    return n;
  }
  auto* const n = b.make<recur_node>();
  auto* const where = b.array<int>(count);
  auto** const how = b.array<stub_call*>(count);
  for(Py_ssize_t i = 0; i < count; ++i) {
    where[i] = number(field(slots, i));
    PyObject* const stub = field(stubs, i);
    how[i] = none(stub) ? nullptr : reinterpret_cast<stub_call*>(b.hold(stub));
  }
  n->slots = where;
  n->stubs = how;
  n->next = b.build_all(field(r, 1));
  return n;
}

node const* make_case(builder& b, PyObject* r) {
  auto* const n = b.make<case_node>();
  n->tested = b.build(field(r, 0));
  PyObject* const groups = field(r, 1);
  n->find = nullptr;
  n->constants = nullptr;
  n->count = 0;
  if(PyTuple_Check(groups)) {
    for(Py_ssize_t i = 0; i < length(groups); ++i) n->count += static_cast<int>(length(field(groups, i)));
    auto* const all = b.array<case_node::constant>(n->count);
    int at = 0;
    for(Py_ssize_t i = 0; i < length(groups); ++i)
      for(Py_ssize_t k = 0; k < length(field(groups, i)); ++k)
        all[at++] = { b.hold(field(field(groups, i), k)), static_cast<int>(i) };
    n->constants = all;
  } else n->find = b.hold(groups);
  n->results = b.build_all(field(r, 2));
  return n;
}

} // namespace

named_rule const control_rules[] = {
  { "If", make_if },       { "Do", make_do },     { "Let", make_let }, { "Loop", make_loop },
  { "Recur", make_recur }, { "Case", make_case }, { {}, nullptr },
};

} // namespace ts::tier0
