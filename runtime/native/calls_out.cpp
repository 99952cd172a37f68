#include "calls_out.hpp"
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace ts {

namespace {

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

void replace_in(link_map const* library, tables const& t, ElfW(Rela) const* first, std::size_t size,
                replacement const* wanted, std::size_t count) noexcept {
  for(ElfW(Rela) const* r = first; r && r < first + size / sizeof *first; ++r) {
    unsigned const kind = ELF64_R_TYPE(r->r_info);
    if(kind != R_X86_64_JUMP_SLOT && kind != R_X86_64_GLOB_DAT) continue;
    char const* const name = t.names + t.symbols[ELF64_R_SYM(r->r_info)].st_name;
    for(std::size_t i = 0; i < count; ++i)
      if(std::strcmp(name, wanted[i].name) == 0)
        write_address(reinterpret_cast<void**>(library->l_addr + r->r_offset), wanted[i].function);
  }
}

} // namespace

bool replace_calls(link_map const* library, replacement const* first, std::size_t count) noexcept {
  tables const t = tables_of(library->l_ld);
  if(!t.symbols || !t.names) return false;
  replace_in(library, t, t.of_calls, t.calls_size, first, count);
  replace_in(library, t, t.others, t.others_size, first, count);
  return true;
}

} // namespace ts
