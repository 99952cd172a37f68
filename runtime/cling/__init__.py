"""Cling: the only package that imports cppyy, and not before a session is started."""

# What C++ files are called.
CPP_SUFFIXES = frozenset((".h", ".hh", ".hpp", ".hxx", ".inl", ".cpp"))
