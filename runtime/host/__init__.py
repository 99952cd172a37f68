"""What belongs to one runtime and scripts call by name: core functions, dynamic vars, native code's hooks."""
