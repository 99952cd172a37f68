// The unwinder asks for each frame that an exception passes where its code's table is. libgcc (before GCC 13) then walks
// over all units that were ever compiled, one after the other: after an hour of edits a deep recursion that overflows
// took minutes. The same few places ask again and again, so the answers are kept by place.
#include "unwinding.hpp"
#include "calls_out.hpp"
#include "module.hpp"
#include <atomic>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>

namespace ts {

namespace {

std::atomic<std::uint64_t> generation{ 1 }, asked{ 0 }, remembered{ 0 };

#if __GLIBC_PREREQ(2, 35) // has _dl_find_object, which tells quickly which library a place is in

struct bases { // unwind-dw2-fde.h: struct dwarf_eh_bases
  void *text, *data, *function;
};
using finder = void const* (*)(void* pc, bases* found);

struct answer_of {
  void* pc;
  void const* library; // the table of unwinding of the library it is in; null for compiled code
  void const* fde;
  bases found;
  std::uint64_t generation;
};

// Written by whoever comes first, without waiting: an odd count is one that is being written.
struct place {
  std::atomic<std::uint32_t> count;
  answer_of kept;
};

constexpr std::size_t places = 1 << 12;
place table[places];
finder find = nullptr;

place& place_of(void* pc) noexcept {
  auto const n = reinterpret_cast<std::uintptr_t>(pc);
  return table[(n ^ n >> 12) % places];
}

bool recall(void* pc, void const* library, answer_of& to) noexcept {
  place& p = place_of(pc);
  std::uint32_t const before = p.count.load(std::memory_order_acquire);
  if(before & 1) return false;
  std::memcpy(&to, &p.kept, sizeof to);
  std::atomic_thread_fence(std::memory_order_acquire);
  return p.count.load(std::memory_order_relaxed) == before && to.pc == pc && to.library == library
    && to.generation == generation.load(std::memory_order_relaxed);
}

void keep_answer(answer_of const& a) noexcept {
  place& p = place_of(a.pc);
  std::uint32_t before = p.count.load(std::memory_order_relaxed);
  if(before & 1 || !p.count.compare_exchange_strong(before, before + 1, std::memory_order_acquire)) return;
  std::memcpy(&p.kept, &a, sizeof a);
  p.count.store(before + 2, std::memory_order_release);
}

void const* find_remembered(void* pc, bases* found) {
  asked.fetch_add(1, std::memory_order_relaxed);
  dl_find_object in;
  void const* const library = _dl_find_object(pc, &in) == 0 ? in.dlfo_eh_frame : nullptr;
  answer_of a;
  if(recall(pc, library, a)) {
    remembered.fetch_add(1, std::memory_order_relaxed);
    *found = a.found;
    return a.fde;
  }
  std::uint64_t const now = generation.load(std::memory_order_relaxed);
  void const* const fde = find(pc, found);
  if(fde) keep_answer({ pc, library, fde, *found, now });
  return fde;
}

void remember_unwinding() noexcept {
  void* const libgcc = dlopen("libgcc_s.so.1", RTLD_LAZY | RTLD_NOLOAD);
  link_map const* library = nullptr;
  if(!libgcc || dlinfo(libgcc, RTLD_DI_LINKMAP, &library) != 0) return;
  find = reinterpret_cast<finder>(dlsym(libgcc, "_Unwind_Find_FDE"));
  replacement const ours{ "_Unwind_Find_FDE", reinterpret_cast<void*>(find_remembered) };
  if(find) replace_calls(library, &ours, 1);
}

#else
void remember_unwinding() noexcept {}
#endif

PyObject* unwinding(PyObject*, PyObject*) {
  return Py_BuildValue("(KK)", static_cast<unsigned long long>(asked.load()),
                       static_cast<unsigned long long>(remembered.load()));
}

PyMethodDef methods[] = {
  { "unwinding", unwinding, METH_NOARGS, "How often unwinding asked for a frame's table, and how often that was known." },
  {}
};

} // namespace

void forget_unwinding() noexcept { generation.fetch_add(1, std::memory_order_relaxed); }

bool init_unwinding(PyObject* module) {
  remember_unwinding();
  return PyModule_AddFunctions(module, methods) == 0;
}

} // namespace ts
