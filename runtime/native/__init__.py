"""The native extension `_support` and the C++ headers that generated code includes."""
