// Trials of C++ in copies of a process: trial.cpp makes them of this one, twin.cpp of a process that follows this one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ts {

// How a trial ended. The numbers are those of `How` in runtime/cling/trial.py.
enum how { ACCEPTED, REJECTED, FAULT, ENDLESS, MEMORY, LEFT, UNTRIED, DOUBTFUL };

// What is to be tried: `declare(code)`, with limits for the copy.
struct order {
  int (*declare)(char const* code);
  std::uint64_t id; // under which the code submits answers; 0 for none
  double cpu_s, wall_s;
  std::uint64_t more_bytes;
};

struct verdict {
  int how;
  int signal; // what stopped it, or its exit code
  int users;  // whether that was C++ that Cling had compiled, a static initialiser
  int thrown; // an initialiser threw
  double cpu_ms;
};

// Tries `code` in a copy of this process, and waits. Clang's words come into the file `words`, after a NUL the
// answers that were submitted, one a line. `line` is closed in the copy, where it is one.
verdict try_in_copy(order const& o, char const* code, int words, int line = -1);

// What a copy is from its start: its own process group, ended with its parent, with plain handlers of signals.
void be_a_copy(int parent);

std::size_t mapped_bytes(); // by this process
void take_words(int file, char** words, std::uint64_t* length); // the whole file, in memory of malloc

} // namespace ts
