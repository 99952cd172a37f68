// Tier 0: `str` of texts, nil and integers, without its Python function.
#include "texts.hpp"
#include <charconv>

namespace ts::tier0 {

PyObject* text_function = nullptr;

namespace {

bool is_plain(value v) noexcept {
  return v.kind == value::integer || (v.is_object() && (PyUnicode_CheckExact(v.o()) || v.o() == Py_None));
}

// Null with the error set. There are only plain values.
PyObject* joined(value const* values, int count) noexcept {
  _PyUnicodeWriter text;
  _PyUnicodeWriter_Init(&text);
  for(int i = 0; i < count; ++i) {
    value const v = values[i];
    int done = 0;
    if(v.kind == value::integer) {
      char digits[24];
      done = _PyUnicodeWriter_WriteASCIIString(&text, digits,
                                               std::to_chars(digits, digits + sizeof digits, v.bits).ptr - digits);
    } else if(v.o() != Py_None) done = _PyUnicodeWriter_WriteStr(&text, v.o());
    if(done < 0) {
      _PyUnicodeWriter_Dealloc(&text);
      return nullptr;
    }
  }
  return _PyUnicodeWriter_Finish(&text);
}

} // namespace

bool text_of(value* values, int count, value& result) noexcept {
  for(int i = 0; i < count; ++i) {
    values[i] = values[i].unboxed();
    if(!is_plain(values[i])) return false;
  }
  result = value::own(joined(values, count));
  return true;
}

} // namespace ts::tier0
