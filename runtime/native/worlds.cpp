// The compiled side of worlds.hpp, and its Python functions.
#include "worlds.hpp"
#include "module.hpp"
#include <cctype>
#include <unordered_map>

namespace ts {

namespace {

std::unordered_map<std::string, std::string> first_of; // raw name -> that of the first with the same layout

std::string const& first(std::string const& raw) {
  auto const found = first_of.find(raw);
  return found == first_of.end() ? raw : found->second;
}

PyObject* raw_type(PyObject*, PyObject* o) {
  if(!is_cpp_value(o)) return PyErr_Format(PyExc_TypeError, "raw_type takes a C++ value");
  return PyUnicode_FromString(reinterpret_cast<cpp_value*>(o)->type->raw);
}

PyObject* declare_same_layout(PyObject*, PyObject* const* args, Py_ssize_t count) {
  char const* a = count == 2 ? PyUnicode_AsUTF8(args[0]) : nullptr;
  char const* b = count == 2 ? PyUnicode_AsUTF8(args[1]) : nullptr;
  if(!a || !b) return PyErr_Occurred() ? nullptr : PyErr_Format(PyExc_TypeError, "two raw names were expected");
  std::string const target = first(a);
  if(target != b) first_of[b] = target;
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
  { "raw_type", raw_type, METH_O, "the raw name of a C++ value's type" },
  { "declare_same_layout", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(declare_same_layout)),
    METH_FASTCALL, "(raw, raw): boxes of the one type may be unboxed as the other" },
  {}
};

} // namespace

std::string without_worlds(std::string_view name) {
  constexpr std::string_view prefix = "ts_r";
  std::string made;
  for(std::size_t at = 0; at < name.size();) {
    bool const starts = at == 0 || (!std::isalnum(static_cast<unsigned char>(name[at - 1])) && name[at - 1] != '_');
    if(starts && name.substr(at, prefix.size()) == prefix) {
      std::size_t end = at + prefix.size();
      while(end < name.size() && std::isdigit(static_cast<unsigned char>(name[end]))) ++end;
      if(end > at + prefix.size() && name.substr(end, 2) == "::") {
        at = end + 2;
        continue;
      }
    }
    made += name[at++];
  }
  return made;
}

bool same_layout(char const* a, char const* b) noexcept {
  return !first_of.empty() && first(a) == first(b);
}

bool init_worlds(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

} // namespace ts
