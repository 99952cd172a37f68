// `update`, `get-in`, `assoc-in` and `update-in`, which scripts keep their state with. Functions that
// Python cannot call as they are go to runtime/core/updating.py.
#include "callable.hpp"
#include "collections.hpp"
#include "iteration.hpp"
#include "module.hpp"
#include "sequences.hpp"
#include "types.hpp"
#include <vector>

namespace ts {

namespace {

PyObject *python_update, *python_update_in; // the functions to fall back to

// What becomes of the value that was there.
class change {
public:
  // The value itself.
  explicit change(PyObject* value) : args_{ value } {}
  // `(f old args…)`.
  change(PyObject* f, PyObject* const* args, Py_ssize_t count) : f_(f), args_{ nullptr, nullptr } {
    args_.insert(args_.end(), args, args + count);
  }

  bool wants_old() const noexcept { return f_; }

  ref operator()(PyObject* old) {
    if(!f_) return ref::share(args_[0]);
    args_[1] = old; // before it is a place that the callee may use
    std::size_t const count = (args_.size() - 1) | PY_VECTORCALL_ARGUMENTS_OFFSET;
    return ref::own(PyObject_Vectorcall(f_, args_.data() + 1, count, nullptr));
  }

private:
  PyObject* f_ = nullptr;
  std::vector<PyObject*> args_;
};

// The keys of a path; the path of nothing is that of nil.
std::vector<ref> keys_of(PyObject* path) {
  std::vector<ref> keys;
  cursor items(path);
  for(PyObject* key; items.next(key);) keys.push_back(ref::share(key));
  if(keys.empty()) keys.push_back(ref::share(Py_None));
  return keys;
}

// The levels down the path first, then their changed copies on the way back.
ref change_at(PyObject* coll, PyObject* path, change& to) {
  std::vector<ref> const keys = keys_of(path);
  std::vector<ref> levels{ ref::share(coll) };
  std::size_t const last = keys.size() - 1;
  for(std::size_t i = 0; i < last; ++i) levels.push_back(get(levels.back().get(), keys[i].get()));
  ref const old = to.wants_old() ? get(levels[last].get(), keys[last].get()) : ref::share(Py_None);
  ref value = to(old.get());
  for(std::size_t i = keys.size(); i-- > 0;) value = assoc(levels[i].get(), keys[i].get(), value.get());
  return value;
}

PyObject* update(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n < 3) return wrong_arity("update", n);
  if(!is_callable(a[2])) return PyObject_Vectorcall(python_update, a, n, nullptr);
  return guarded([&] {
    change to(a[2], a + 3, n - 3);
    ref const made = to(get(a[0], a[1]).get());
    return assoc(a[0], a[1], made.get());
  });
}

PyObject* assoc_in(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 3) return wrong_arity("assoc-in", n);
  return guarded([&] {
    change to(a[2]);
    return change_at(a[0], a[1], to);
  });
}

PyObject* update_in(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n < 3) return wrong_arity("update-in", n);
  if(!is_callable(a[2])) return PyObject_Vectorcall(python_update_in, a, n, nullptr);
  return guarded([&] {
    change to(a[2], a + 3, n - 3);
    return change_at(a[0], a[1], to);
  });
}

PyObject* get_in(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2 && n != 3) return wrong_arity("get-in", n);
  return guarded([&] {
    ref value = ref::share(a[0]);
    cursor path(a[1]);
    for(PyObject* key; path.next(key);) {
      value = get(value.get(), key, end_mark);
      if(value.get() == end_mark) return ref::share(n == 3 ? a[2] : Py_None);
    }
    return value;
  });
}

PyObject* set_updates(PyObject*, PyObject* args) {
  if(!PyArg_ParseTuple(args, "OO", &python_update, &python_update_in)) return nullptr;
  Py_INCREF(python_update); // both are kept for the process's life
  Py_INCREF(python_update_in);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
  { "update", fast(update), METH_FASTCALL, "`m` with the value at the key replaced by `(f value args…)`." },
  { "assoc_in", fast(assoc_in), METH_FASTCALL, "`m` with a value at a path of keys; missing levels become maps." },
  { "update_in", fast(update_in), METH_FASTCALL, "`m` with the value at a path replaced by `(f value args…)`." },
  { "get_in", fast(get_in), METH_FASTCALL, "The value at a path of keys in nested maps and vectors." },
  { "set_updates", set_updates, METH_VARARGS, "Hand over the functions to fall back to." },
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool init_updates(PyObject* module) { return PyModule_AddFunctions(module, methods) == 0; }

} // namespace ts
