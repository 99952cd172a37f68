// The compiled side of baseline.hpp.
#include "baseline.hpp"
#include "compiled.hpp"
#include "ownership.hpp"
#include <cstdarg>

namespace ts {

namespace {

bool is_root(int operand) { return operand < -frame::var_roots; }

// A slot that is read for the last time gives its value up.
bool is_given(int operand) { return operand >= frame::given; }

PyObject* read(frame const& f, int operand) {
  if(operand >= 0) return f.slots[operand];
  int const k = ~operand;
  return is_root(operand) ? reinterpret_cast<var*>(f.constants[k - frame::var_roots])->root : f.constants[k];
}

void put(frame& f, int dst, PyObject* made) { // steals
  PyObject* const old = dst < 0 ? made : std::exchange(f.slots[dst], made);
  Py_XDECREF(old);
}

ref boxed(ref r) { return r; }
ref boxed(bool b) { return box(b); }
ref boxed(std::int64_t n) { return box(n); }

// Operands for the time of a call. Slots and constants stay; a var may get another root meanwhile.
class operand {
  PyObject* const p_;
  bool const held_;

public:
  operand(frame const& f, int i) : p_(read(f, i)), held_(is_root(i)) { if(held_) Py_INCREF(p_); }
  operand(operand const&) = delete;
  ~operand() { if(held_) Py_DECREF(p_); }
  operator PyObject*() const noexcept { return p_; }
};

class operands {
  PyObject** const values_;
  int held_ = 0;

public:
  // `values` has room for twice as many as there are going to be.
  explicit operands(PyObject** values) : values_(values) {}
  operands(operands const&) = delete;
  void read_all(frame const& f, int count, va_list list) {
    for(int i = 0; i < count; ++i) {
      int const code = va_arg(list, int);
      if(is_given(code)) {
        values_[i] = values_[count + held_++] = std::exchange(f.slots[code - frame::given], nullptr);
        gives_ = true;
        continue;
      }
      values_[i] = read(f, code);
      if(is_root(code)) values_[count + held_++] = Py_NewRef(values_[i]);
    }
    end_ = values_ + count;
  }
  ~operands() { release(); }
  void release() noexcept {
    for(int i = 0; i < held_; ++i) Py_DECREF(end_[i]);
    held_ = 0;
  }
  bool gives() const noexcept { return gives_; }

private:
  PyObject** end_ = nullptr;
  bool gives_ = false;
};

#define TS_ROOM(count) static_cast<PyObject**>(__builtin_alloca((2 * static_cast<std::size_t>(count) + 1) * sizeof(PyObject*)))

template<class F> bool fails(frame& f, int place, int dst, F const& body) noexcept {
  f.place = place;
  try {
    put(f, dst, body().release());
    return false;
  } catch(...) {
    set_python_error();
    return true;
  }
}

// The exception of Python's error indicator, as an object with its traceback; null when none is set.
PyObject* take_error() noexcept {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  if(!type) return nullptr;
  PyErr_NormalizeException(&type, &value, &trace);
  if(trace) PyException_SetTraceback(value, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return value;
}

// Python's error gets this activation into its traceback, once.
void trace(frame const& f) noexcept {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  bool const known = value && value == f.traced;
  PyErr_Restore(type, value, trace);
  if(!known) _PyTraceback_Add(f.name, f.symbol, f.place);
}

PyObject* take_traced_error(frame& f) noexcept {
  trace(f);
  PyObject* const exception = take_error();
  Py_XSETREF(f.traced, Py_XNewRef(exception));
  return exception;
}

// Native locals end, the innermost first; those of scopes that ended are not there any more.
void unwind(frame& f, int keep) noexcept {
  for(int i = f.size; i-- > f.size - f.owning + keep;) f.end(i);
}

// The same while an error is kept aside: what destructors throw is told by itself.
void unwind_failed(frame& f, int keep) noexcept {
  for(int i = f.size; i-- > f.size - f.owning + keep;)
    if(f.end(i)) tell_destructor_error("a C++ local", nullptr);
}

void clear(frame& f) noexcept {
  for(int i = 0; i < f.size; ++i) Py_XDECREF(f.slots[i]);
  Py_XDECREF(f.traced);
}

} // namespace

// --- the activation ------------------------------------------------------------------------------

void frame::enter(ts::fn* f, PyObject** array, int count, int owned, char const* called,
                  char const* entry) noexcept {
  slots = array;
  constants = ts::constants(f);
  self = f;
  name = called;
  symbol = entry;
  traced = nullptr;
  size = count;
  owning = owned;
  place = 0;
  int i = 0;
  for(; i < Py_SIZE(f); ++i) array[i] = Py_XNewRef(f->captures[i]);
  array[i++] = Py_NewRef(reinterpret_cast<PyObject*>(f));
  for(; i < count; ++i) array[i] = nullptr;
}

void frame::params(PyObject* const* args, Py_ssize_t count) noexcept {
  PyObject** const first = slots + Py_SIZE(self) + 1;
  for(Py_ssize_t i = 0; i < count; ++i) first[i] = Py_NewRef(args[i]);
}

bool frame::rest(PyObject* const* args, Py_ssize_t count, Py_ssize_t required) noexcept {
  params(args, required);
  return fails(*this, 0, static_cast<int>(Py_SIZE(self) + 1 + required), [&] { return rest_args(args, required, count); });
}

PyObject* frame::leave(int result) noexcept {
  PyObject* const value = Py_NewRef(read(*this, result));
  if(owning) {
    unwind(*this, 0);
    if(PyErr_Occurred()) {
      Py_DECREF(value);
      return failed();
    }
  }
  clear(*this);
  return value;
}

PyObject* frame::failed() noexcept {
  trace(*this);
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace); // what is released now may run any code
  unwind_failed(*this, 0);
  clear(*this);
  PyErr_Restore(type, value, trace);
  return nullptr;
}

PyObject* frame::wrong_arity(Py_ssize_t count) noexcept { // the caller's error: no place of this function
  ts::wrong_arity(self, count);
  clear(*this);
  return nullptr;
}

// --- values --------------------------------------------------------------------------------------

void frame::set(int dst, int from) noexcept { put(*this, dst, Py_NewRef(read(*this, from))); }

void frame::flag(int dst, bool value) noexcept { put(*this, dst, Py_NewRef(value ? Py_True : Py_False)); }

void frame::recur(int count, ...) noexcept {
  auto** const next = TS_ROOM(count);
  auto* const targets = static_cast<int*>(__builtin_alloca(static_cast<std::size_t>(count) * sizeof(int)));
  va_list list;
  va_start(list, count);
  for(int i = 0; i < count; ++i) {
    targets[i] = va_arg(list, int);
    next[i] = Py_NewRef(read(*this, va_arg(list, int)));
  }
  va_end(list);
  for(int i = 0; i < count; ++i) put(*this, targets[i], next[i]);
}

bool frame::deref(int where, int dst, int v) noexcept {
  return fails(*this, where, dst, [&] { return deref_dynamic(reinterpret_cast<var*>(read(*this, v))); });
}

bool frame::fn(int dst, int code_, int count, ...) noexcept {
  PyObject** const captured = TS_ROOM(count);
  operands held(captured);
  va_list list;
  va_start(list, count);
  held.read_all(*this, count, list);
  va_end(list);
  return fails(*this, place, dst, [&] { return make_fn(reinterpret_cast<code*>(read(*this, code_)), captured, count); });
}

void frame::meta(int f, int meta) noexcept {
  Py_XSETREF(reinterpret_cast<ts::fn*>(slots[f])->meta, Py_NewRef(read(*this, meta)));
}

void frame::capture(int f, int index, int value) noexcept { set_capture(slots[f], index, read(*this, value)); }

// --- calls ---------------------------------------------------------------------------------------

bool frame::call(int where, int dst, int callee, int count, ...) noexcept {
  place = where;
  PyObject** const args = TS_ROOM(count + 1) + 1; // the callee may use the one before the first
  operands held(args);
  va_list list;
  va_start(list, count);
  held.read_all(*this, count, list);
  va_end(list);
  operand const f(*this, callee);
  if(!PyCallable_Check(f)) return fails(*this, where, dst, [&] { return ts::call(f, args, count); });
  if(held.gives() && consumes(f)) {
    PyObject* const list = PyList_New(count);
    for(int i = 0; i < count; ++i) PyList_SET_ITEM(list, count - 1 - i, Py_NewRef(args[i]));
    held.release();
    PyObject* const result = consume(f, list);
    Py_DECREF(list);
    if(!result) return true;
    put(*this, dst, result);
    return false;
  }
  auto const flags = static_cast<std::size_t>(count) | PY_VECTORCALL_ARGUMENTS_OFFSET;
  PyObject* const result = PyObject_Vectorcall(f, args, flags, nullptr);
  if(!result) return true;
  put(*this, dst, result);
  return false;
}

bool frame::stub(int where, int dst, int which, ...) noexcept {
  auto* const here = reinterpret_cast<ts::stub_call*>(read(*this, which));
  ts::stub* const s = here->called;
  int const count = static_cast<int>(s->operands);
  PyObject** const args = TS_ROOM(count);
  operands held(args);
  va_list list;
  va_start(list, which);
  held.read_all(*this, count, list);
  va_end(list);
  return fails(*this, where, dst, [&] { return ref::own(call_stub(s, args, here->site)); });
}

void frame::release(int from, int to) noexcept {
  for(int i = to; i-- > from;) {
    PyObject* const old = std::exchange(slots[i], nullptr);
    Py_XDECREF(old);
  }
}

bool frame::end(int slot) noexcept {
  PyObject* const local = std::exchange(slots[slot], nullptr);
  bool const done = !local || destroy_local(local);
  Py_XDECREF(local);
  return !done;
}

bool frame::round(int where) noexcept {
  return attention_wanted() && fails(*this, where, -1, [] { return attend(), ref::share(Py_None); });
}

// --- answers -------------------------------------------------------------------------------------

bool frame::is(int value) const noexcept { return truthy(read(*this, value)); }
bool frame::nil(int value) const noexcept { return read(*this, value) == Py_None; }
bool frame::identical(int a, int b) const noexcept { return ts::identical(read(*this, a), read(*this, b)); }

int frame::clause(int where, int value, int clauses) noexcept {
  place = where;
  try {
    operand const tested(*this, value);
    PyObject* const all = read(*this, clauses);
    if(!PyTuple_Check(all)) {
      PyObject* const argument = tested;
      ref const found = ref::own(PyObject_CallOneArg(all, argument));
      return static_cast<int>(PyLong_AsLong(found.p));
    }
    for(Py_ssize_t i = 0; i < PyTuple_GET_SIZE(all); ++i) {
      PyObject* const group = PyTuple_GET_ITEM(all, i);
      for(Py_ssize_t k = 0; k < PyTuple_GET_SIZE(group); ++k)
        if(ts::equal(static_cast<PyObject*>(tested), PyTuple_GET_ITEM(group, k))) return static_cast<int>(i);
    }
    return -1;
  } catch(...) {
    set_python_error();
    return -2;
  }
}

// --- core functions ------------------------------------------------------------------------------

#define TS_UNARY(name)                                                                                       \
  bool frame::name(int where, int dst, int a) noexcept {                                                     \
    operand const x(*this, a);                                                                               \
    return fails(*this, where, dst, [&] { return boxed(ts::name(static_cast<PyObject*>(x))); });             \
  }
#define TS_BINARY(name)                                                                                      \
  bool frame::name(int where, int dst, int a, int b) noexcept {                                              \
    operand const x(*this, a), y(*this, b);                                                                  \
    return fails(*this, where, dst,                                                                          \
                 [&] { return boxed(ts::name(static_cast<PyObject*>(x), static_cast<PyObject*>(y))); });     \
  }
#define TS_TERNARY(name)                                                                                     \
  bool frame::name(int where, int dst, int a, int b, int c) noexcept {                                       \
    operand const x(*this, a), y(*this, b), z(*this, c);                                                     \
    return fails(*this, where, dst, [&] {                                                                    \
      return boxed(ts::name(static_cast<PyObject*>(x), static_cast<PyObject*>(y), static_cast<PyObject*>(z))); \
    });                                                                                                      \
  }
TS_CORE_1(TS_UNARY)
TS_CORE_2(TS_BINARY)
TS_CORE_3(TS_TERNARY)

// --- exceptions ----------------------------------------------------------------------------------

bool frame::caught(int exception, int value, int keep) noexcept {
  PyObject* const error = take_traced_error(*this);
  release(value + 1, size - owning); // what was under way in the body
  unwind_failed(*this, keep);
  put(*this, exception, error);
  if(!PyObject_TypeCheck(error, reinterpret_cast<PyTypeObject*>(PyExc_Exception))) {
    rethrow(exception);
    return true;
  }
  return fails(*this, place, value, [&] { return thrown_value(ref::share(error)); });
}

bool frame::instance(int value, int classes) noexcept {
  return PyObject_IsInstance(read(*this, value), read(*this, classes)) == 1;
}

bool frame::matches(int dst, int exception, int matcher) noexcept {
  PyObject* const capsule = PyObject_GetAttrString(slots[exception], "capsule");
  if(!capsule) { // a Lisp error
    PyErr_Clear();
    return false;
  }
  void* const match = reinterpret_cast<void*>(reinterpret_cast<ts::stub*>(read(*this, matcher))->body);
  bool const failed = fails(*this, place, dst, [&] { return match_exception(capsule, match); });
  Py_DECREF(capsule);
  return !failed && slots[dst] != Py_None;
}

void frame::rethrow(int exception) noexcept {
  PyObject* const error = slots[exception];
  if(!PyErr_Occurred()) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error)), error);
}

void frame::pend(int dst, int keep) noexcept {
  PyObject* const error = PyErr_Occurred() ? take_traced_error(*this) : nullptr;
  if(error) unwind_failed(*this, keep);
  put(*this, dst, error);
}

bool frame::resume(int pending) noexcept {
  if(!slots[pending]) return false;
  rethrow(pending);
  return true;
}

} // namespace ts
