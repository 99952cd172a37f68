// What C++ calls in place of C's functions that end the process: an error of the script's call, where there is one.
//
// Code that Cling compiles gets them from runtime/cling/session.py; in the user's libraries the addresses that the
// loader wrote into their tables are replaced.
#include "fault.hpp"
#include "module.hpp"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ts {

void ts_refuse_exit(char const* function, int status) noexcept {
  guarded_thread* const t = known_thread();
  if(guard* const g = guarding ? reachable(t) : nullptr) {
    char text[64];
    std::snprintf(text, sizeof text, "%s(%d) was called", function, status);
    leave_with(t, g, text);
  }
  if(std::strcmp(function, "quick_exit") == 0) std::quick_exit(status);
  if(std::strcmp(function, "exit") == 0) std::exit(status);
  _exit(status);
}

void ts_assert_fail(char const* expression, char const* file, unsigned line, char const* function) noexcept {
  guarded_thread* const t = known_thread();
  char text[1024];
  std::snprintf(text, sizeof text, "%s:%u: %s: Assertion `%s' failed", file, line, function ? function : "?", expression);
  if(guard* const g = guarding ? reachable(t) : nullptr) leave_with(t, g, text, SIGABRT);
  std::fprintf(stderr, "%s\n", text);
  std::abort();
}

namespace {

void plain_exit(int status) { ts_refuse_exit("exit", status); }
void exit_at_once(int status) { ts_refuse_exit("_exit", status); }
void exit_as_c_has_it(int status) { ts_refuse_exit("_Exit", status); }
void exit_quickly(int status) { ts_refuse_exit("quick_exit", status); }

struct replacement {
  char const* name;
  void* function;
};
replacement const replacements[] = {
  { "exit", reinterpret_cast<void*>(plain_exit) },
  { "_exit", reinterpret_cast<void*>(exit_at_once) },
  { "_Exit", reinterpret_cast<void*>(exit_as_c_has_it) },
  { "quick_exit", reinterpret_cast<void*>(exit_quickly) },
  { "__assert_fail", reinterpret_cast<void*>(ts_assert_fail) },
};

// What a library's dynamic section says of its tables.
struct tables {
  ElfW(Sym) const* symbols = nullptr;
  char const* names = nullptr;
  ElfW(Rela) const* of_calls = nullptr;
  ElfW(Rela) const* others = nullptr;
  std::size_t calls_size = 0, others_size = 0;
};

tables tables_of(ElfW(Dyn) const* d) noexcept {
  tables t;
  for(; d->d_tag != DT_NULL; ++d) switch(d->d_tag) {
      case DT_SYMTAB: t.symbols = reinterpret_cast<ElfW(Sym) const*>(d->d_un.d_ptr); break;
      case DT_STRTAB: t.names = reinterpret_cast<char const*>(d->d_un.d_ptr); break;
      case DT_JMPREL: t.of_calls = reinterpret_cast<ElfW(Rela) const*>(d->d_un.d_ptr); break;
      case DT_PLTRELSZ: t.calls_size = d->d_un.d_val; break;
      case DT_RELA: t.others = reinterpret_cast<ElfW(Rela) const*>(d->d_un.d_ptr); break;
      case DT_RELASZ: t.others_size = d->d_un.d_val; break;
      default: break;
    }
  return t;
}

// Most libraries' tables are only read once they are loaded. The page stays writable: others may write there too.
bool write_address(void** place, void* value) noexcept {
  auto const page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto* const start = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(place) & ~(page - 1));
  if(mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return false;
  *place = value;
  return true;
}

void replace_in(link_map const* library, tables const& t, ElfW(Rela) const* first, std::size_t size) noexcept {
  for(ElfW(Rela) const* r = first; r && r < first + size / sizeof *first; ++r) {
    unsigned const kind = ELF64_R_TYPE(r->r_info);
    if(kind != R_X86_64_JUMP_SLOT && kind != R_X86_64_GLOB_DAT) continue;
    char const* const name = t.names + t.symbols[ELF64_R_SYM(r->r_info)].st_name;
    for(auto const& [called, function] : replacements)
      if(std::strcmp(name, called) == 0) write_address(reinterpret_cast<void**>(library->l_addr + r->r_offset), function);
  }
}

} // namespace
} // namespace ts

// Of a library that `dlopen` gave: what it calls to end the process is an error from now on.
extern "C" TS_API int ts_close_ways_out(void* handle) {
  link_map const* library = nullptr;
  if(dlinfo(handle, RTLD_DI_LINKMAP, &library) != 0) return 0;
  ts::tables const t = ts::tables_of(library->l_ld);
  if(!t.symbols || !t.names) return 0;
  ts::replace_in(library, t, t.of_calls, t.calls_size);
  ts::replace_in(library, t, t.others, t.others_size);
  return 1;
}
