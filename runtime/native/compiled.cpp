// The compiled side of compiled.hpp.
#include "compiled.hpp"

namespace ts {

void end_guarded(void (*destroy)(void*), void* object) noexcept {
  if(!guarding) return destroy(object);
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace); // it may end because of an error
  call_guarded(destroy, object);
  PyErr_Restore(type, value, trace); // instead of the fault's
}

ref make_fn_with_meta(code* shared, PyObject* const* captures, Py_ssize_t count, PyObject* meta) {
  ref made = make_fn(shared, captures, count);
  Py_XSETREF(reinterpret_cast<fn*>(made.p)->meta, Py_NewRef(meta));
  return made;
}

void set_capture(PyObject* f, Py_ssize_t index, PyObject* value) {
  Py_XSETREF(reinterpret_cast<fn*>(f)->captures[index], Py_NewRef(value));
}

// The exception that is being handled becomes Python's error, with this activation in its traceback once.
static void add_place(activation const& here, int at) noexcept {
  set_python_error();
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  bool const known = value && value == here.traced.p;
  PyErr_Restore(type, value, trace);
  if(!known) _PyTraceback_Add(here.function, here.symbol, at);
}

ref caught(activation& here, int at) {
  add_place(here, at);
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if(trace) PyException_SetTraceback(value, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  here.traced = ref::share(value);
  return ref::own(value);
}

ref thrown_value(ref const& exception) {
  if(!PyObject_TypeCheck(exception.p, reinterpret_cast<PyTypeObject*>(PyExc_Exception))) throw_again(exception);
  static PyObject* const thrown = [] {
    PyObject* const module = PyImport_ImportModule("runtime.core.exceptions");
    PyObject* const found = module ? PyObject_GetAttrString(module, "Thrown") : nullptr;
    Py_XDECREF(module);
    return found;
  }();
  if(reinterpret_cast<PyObject*>(Py_TYPE(exception.p)) == thrown)
    return ref::own(PyObject_GetAttrString(exception.p, "value"));
  return exception;
}

bool is_instance(PyObject* value, PyObject* classes) {
  int const found = PyObject_IsInstance(value, classes);
  if(found < 0) raise();
  return found == 1;
}

void throw_again(ref exception) {
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.p)), exception.p);
  raise();
}

void pass_on(activation const& here, int at) {
  add_place(here, at);
  raise();
}

void pass_on(char const* function, char const* symbol, int at) {
  set_python_error();
  _PyTraceback_Add(function, symbol, at);
  raise();
}

PyObject* failed() noexcept {
  set_python_error();
  return nullptr;
}

PyObject* leave(activation const& here, int at) noexcept {
  add_place(here, at);
  return nullptr;
}

} // namespace ts
