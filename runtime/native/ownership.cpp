// The compiled side of ownership.hpp, and its Python functions.
#include "ownership.hpp"
#include "module.hpp"
#include "guard.hpp"
#include "worlds.hpp"
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ts {

namespace {

std::unordered_multimap<void*, cpp_value*> boxes; // by what they hold
PyObject* destructor_failed = nullptr;            // Python: (exception, type, place)
bool leaving = false;                             // the process ends: Cling's code may be gone, nothing is destroyed

// An object whose last box went on another thread than the window's.
struct waiting {
  owned* what;
  type_info const* type;
  PyObject* place;
};
std::vector<waiting> queue;
bool asked = false; // the main thread was asked to look into the queue

using place_in_table = std::unordered_multimap<void*, cpp_value*>::iterator;

place_in_table entry_of(cpp_value* v) noexcept {
  auto [at, end] = boxes.equal_range(content(v).pointer);
  while(at != end && at->second != v) ++at;
  return at == end ? boxes.end() : at;
}

void hold(cpp_value* v, void* pointer) {
  place_in_table const at = entry_of(v);
  if(at != boxes.end()) boxes.erase(at);
  content(v).pointer = pointer;
  boxes.emplace(pointer, v);
}

void end(owned* what, type_info const* type, PyObject* place) noexcept {
  destroy_quietly(what->destroy, what->object, type, place);
  delete what;
}

int destroy_waiting(void* = nullptr) {
  asked = false;
  if(beside()) return 0; // the window's thread is another one: its next frame sees to it
  while(!queue.empty()) {
    waiting const next = std::move(queue.back());
    queue.pop_back();
    end(next.what, next.type, next.place);
    Py_XDECREF(next.place);
  }
  return 0;
}

void let_go(owned* what, cpp_value* v) noexcept {
  if(--what->boxes || leaving) return;
  if(!beside()) return end(what, v->type, v->place);
  queue.push_back({ what, v->type, Py_XNewRef(v->place) });
  if(!asked) asked = Py_AddPendingCall(destroy_waiting, nullptr) == 0;
}

owned* owner_of(void* pointer, type_info const* type) {
  auto [at, end] = boxes.equal_range(pointer);
  for(; at != end; ++at)
    if(content(at->second).shared && same_type(at->second->type, type)) return content(at->second).shared;
  return nullptr;
}

PyObject* all_boxes(PyObject*, PyObject*) {
  PyObject* const list = PyList_New(0);
  for(auto const& [pointer, v] : boxes)
    if(!list || PyList_Append(list, reinterpret_cast<PyObject*>(v)) < 0) break;
  return list;
}

// (boxes of one object, address of a type_info, pointer, address of what deletes it): what they hold from now
// on, and own. What they owned before is destroyed.
PyObject* rebox(PyObject*, PyObject* const* args, Py_ssize_t count) {
  void* const type = count == 4 ? PyLong_AsVoidPtr(args[1]) : nullptr;
  void* const object = count == 4 ? PyLong_AsVoidPtr(args[2]) : nullptr;
  void* const destroy = count == 4 ? PyLong_AsVoidPtr(args[3]) : nullptr;
  if(PyErr_Occurred()) return nullptr;
  if(count != 4 || !PyList_Check(args[0]) || !PyList_GET_SIZE(args[0]))
    return PyErr_Format(PyExc_TypeError, "rebox takes boxes, a type, a pointer and what deletes it");
  auto* const fresh = new owned{ object, reinterpret_cast<void (*)(void*)>(destroy), 0 };
  for(Py_ssize_t i = 0; i < PyList_GET_SIZE(args[0]); ++i) {
    PyObject* const o = PyList_GET_ITEM(args[0], i);
    if(!is_cpp_value(o) || reinterpret_cast<cpp_value*>(o)->kind != 'b') continue;
    cpp_value* const v = reinterpret_cast<cpp_value*>(o);
    if(owned* const old = std::exchange(content(v).shared, nullptr)) let_go(old, v);
    v->type = static_cast<type_info const*>(type);
    hold(v, object);
    if(destroy) content(v).shared = fresh, ++fresh->boxes;
  }
  if(!fresh->boxes) delete fresh;
  Py_RETURN_NONE;
}

PyObject* set_destructor_hook(PyObject*, PyObject* hook) {
  Py_XSETREF(destructor_failed, Py_NewRef(hook));
  Py_RETURN_NONE;
}

PyObject* python_destroy_waiting(PyObject*, PyObject*) {
  destroy_waiting();
  Py_RETURN_NONE;
}

PyObject* keep_everything(PyObject*, PyObject*) {
  leaving = true;
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "boxes", all_boxes, METH_NOARGS, "every box that lives" },
  { "rebox", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(rebox)), METH_FASTCALL,
    "(boxes of one object, type_info address, pointer, deleter address): what they hold and own from now on" },
  { "set_destructor_hook", set_destructor_hook, METH_O, "(exception, type, place): a destructor failed" },
  { "destroy_waiting", python_destroy_waiting, METH_NOARGS,
    "destroy, on the window's thread, what other threads let go of" },
  { "keep_everything", keep_everything, METH_NOARGS, "the process ends: destroy nothing any more" },
  {}
};

} // namespace

void destroy_quietly(void (*destroy)(void*), void* object, type_info const* type, PyObject* place) noexcept {
  if(leaving) return;
  PyObject *kind, *value, *trace;
  PyErr_Fetch(&kind, &value, &trace); // a value may go while an error is on its way
  if(run_guarded(destroy, object) == guarded_outcome::thrown) tell_destructor_error(without_worlds(type->view()).c_str(), place);
  PyErr_Restore(kind, value, trace);
}

bool destroy_local(PyObject* local) noexcept {
  if(!is_cpp_value(local)) return true;
  auto* const v = reinterpret_cast<cpp_value*>(local);
  void* const object = v->kind == 'v' ? std::exchange(v->ptr, nullptr) : nullptr;
  if(!object || !v->type->destroy) return true;
  if(PyErr_Occurred()) {
    destroy_quietly(v->type->destroy, object, v->type, nullptr);
    return true;
  }
  guarded_outcome const outcome = run_guarded(v->type->destroy, object);
  if(outcome == guarded_outcome::fault) PyErr_Clear(); // told as an event
  return outcome != guarded_outcome::thrown;
}

void tell_destructor_error(char const* type, PyObject* place) noexcept {
  PyObject *kind, *failed, *trace;
  PyErr_Fetch(&kind, &failed, &trace);
  PyErr_NormalizeException(&kind, &failed, &trace);
  PyObject* const told = destructor_failed && failed ? PyObject_CallFunction(destructor_failed, "OsO", failed, type,
                                                                            place ? place : Py_None)
                                                     : nullptr;
  if(!told) PyErr_WriteUnraisable(failed);
  Py_XDECREF(told);
  Py_XDECREF(kind);
  Py_XDECREF(failed);
  Py_XDECREF(trace);
}

void box_made(cpp_value* v) { boxes.emplace(content(v).pointer, v); }

void box_gone(cpp_value* v) noexcept {
  place_in_table const at = entry_of(v);
  if(at != boxes.end()) boxes.erase(at);
  if(owned* const shared = std::exchange(content(v).shared, nullptr)) let_go(shared, v);
}

PyObject* box_owner(void* p, type_info const* type, void (*destroy)(void*), PyObject* place) {
  holding const gil;
  owned* shared = p ? owner_of(p, type) : nullptr;
  PyObject* const box = box_pointer(p, type, place);
  if(!shared && p && destroy) shared = new owned{ p, destroy, 0 };
  if(shared) {
    ++shared->boxes;
    content(reinterpret_cast<cpp_value*>(box)).shared = shared;
  }
  return box;
}

void empty_boxes(void const* p) noexcept {
  holding const gil;
  auto [at, end] = boxes.equal_range(const_cast<void*>(p));
  for(; at != end; ++at) {
    box_content& box = content(at->second);
    box.empty = true;
    if(owned* const shared = std::exchange(box.shared, nullptr))
      if(!--shared->boxes) delete shared;
  }
}

bool init_ownership(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace ts
