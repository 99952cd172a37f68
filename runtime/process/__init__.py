"""What the operating system's process is to scripts: threads, the GIL, memory, limits, faults, files."""
