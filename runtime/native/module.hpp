// The parts of the extension: each adds its functions and types to the module, or returns false with a Python
// error set. Internal.
#pragma once
#include "support.hpp"

namespace ts {

bool init_types(PyObject* module); // first: the others ask for the known types
bool init_layouts(PyObject* module); // of the known types
bool init_errors(PyObject* module);
bool init_numbers(PyObject* module);
bool init_equality(PyObject* module);
bool init_collections(PyObject* module);
bool init_sequences(PyObject* module);
bool init_iteration(PyObject* module);
bool init_iterators(PyObject* module);
bool init_interrupt(PyObject* module);
bool init_updates(PyObject* module);
bool init_math(PyObject* module);
bool init_functions(PyObject* module);
bool init_calls(PyObject* module);
bool init_tier0(PyObject* module);
bool init_interop(PyObject* module);
bool init_drawing(PyObject* module);
bool init_gil(PyObject* module);
bool init_turns(PyObject* module);
bool init_worlds(PyObject* module);
bool init_ownership(PyObject* module);
bool init_guards(PyObject* module);
bool init_cling(PyObject* module);
bool init_unwinding(PyObject* module);

} // namespace ts
