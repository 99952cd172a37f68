// Lets go of the intermediate code (LLVM's) of what Cling has compiled: two thirds of what it keeps of a function.
//
// Cling stores the module of each transaction once it is machine code, for no use but taking the transaction back
// (IncrementalJIT.cpp, m_CompiledModules), and offers no way to have it freed. So the callback that stores them is
// replaced: it keeps them only until the next transaction begins, after which nothing takes the last one back any more.
// Where the callback is not found, as in a Cling of another make, everything stays as it was.
#include "cling_modules.hpp"
#include <atomic>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace ts {

namespace {

// llvm::orc::ThreadSafeModule: the module, and the context it shares with others.
struct held_module {
  void* module;
  void* context;
  void* count;
};

std::vector<held_module> compiled; // in the transaction that goes on; only Cling's thread touches it
void (*destroy)(held_module*) = nullptr;
std::atomic<std::uint64_t> freed = 0;

// In place of the callback: `taken` is destroyed by the caller, empty.
void keep_for_now(void const*, void*, held_module* taken) {
  compiled.push_back(*taken);
  *taken = {};
}

struct library {
  char const* path = nullptr;
  ElfW(Addr) base = 0;
};

int is_cling(dl_phdr_info* info, std::size_t, void* found) {
  std::string_view const path = info->dlpi_name;
  if(!path.ends_with("/libCling.so")) return 0;
  *static_cast<library*>(found) = { info->dlpi_name, info->dlpi_addr };
  return 1;
}

// A file in memory, as long as this lives.
struct mapped {
  unsigned char const* start = nullptr;
  std::size_t size = 0;
  explicit mapped(char const* path) {
    int const file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    if(file < 0) return;
    if(fstat(file, &facts) == 0) {
      size = static_cast<std::size_t>(facts.st_size);
      void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
      if(at != MAP_FAILED) start = static_cast<unsigned char const*>(at);
    }
    close(file);
  }
  ~mapped() {
    if(start) munmap(const_cast<unsigned char*>(start), size);
  }
  bool has(std::size_t offset, std::size_t bytes) const { return start && offset <= size && bytes <= size - offset; }
};

struct symbols {
  ElfW(Sym) const* callback = nullptr;
  ElfW(Sym) const* destructor = nullptr;
};

// Both are hidden, so only the table that is there for debuggers has them.
symbols find_in(mapped const& file) {
  symbols found;
  auto const* const head = reinterpret_cast<ElfW(Ehdr) const*>(file.start);
  if(!file.has(0, sizeof *head) || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return found;
  if(!file.has(head->e_shoff, head->e_shnum * sizeof(ElfW(Shdr)))) return found;
  auto const* const sections = reinterpret_cast<ElfW(Shdr) const*>(file.start + head->e_shoff);
  for(int i = 0; i < head->e_shnum; ++i) {
    auto const& s = sections[i];
    if(s.sh_type != SHT_SYMTAB || s.sh_link >= head->e_shnum || !file.has(s.sh_offset, s.sh_size)) continue;
    auto const& texts = sections[s.sh_link];
    if(!file.has(texts.sh_offset, texts.sh_size)) continue;
    auto const* const first = reinterpret_cast<ElfW(Sym) const*>(file.start + s.sh_offset);
    for(auto const* symbol = first; symbol < first + s.sh_size / sizeof *first; ++symbol) {
      if(ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_name >= texts.sh_size) continue;
      std::string_view const name = reinterpret_cast<char const*>(file.start + texts.sh_offset + symbol->st_name);
      if(name == "_ZN4llvm3orc16ThreadSafeModuleD1Ev") found.destructor = symbol;
      else if(name.starts_with("_ZNSt17_Function_handlerIFvRN4llvm3orc29MaterializationResponsibilityENS1_16ThreadSafeModuleEEZN5cling14IncrementalJITC")
              && name.ends_with("_E9_M_invokeERKSt9_Any_dataS3_OS4_"))
        found.callback = symbol;
    }
  }
  return found;
}

#if defined(__x86_64__)
// movabs rax, <function>; jmp rax
struct __attribute__((packed)) jump {
  unsigned char load[2] = { 0x48, 0xb8 };
  void* target;
  unsigned char go[2] = { 0xff, 0xe0 };
};

bool replace(void* code, void* function) noexcept {
  auto const page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto const start = reinterpret_cast<std::uintptr_t>(code) & ~(page - 1);
  std::size_t const size = reinterpret_cast<std::uintptr_t>(code) + sizeof(jump) - start;
  auto* const at = reinterpret_cast<void*>(start);
  if(mprotect(at, size, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
  jump made;
  made.target = function;
  std::memcpy(code, &made, sizeof made);
  mprotect(at, size, PROT_READ | PROT_EXEC);
  return true;
}
#else
struct jump {};
bool replace(void*, void*) noexcept { return false; }
#endif

} // namespace

bool hold_modules() {
  if(destroy) return true;
  library cling;
  if(!dl_iterate_phdr(is_cling, &cling)) return false;
  mapped const file(cling.path);
  auto const [callback, destructor] = find_in(file);
  if(!callback || !destructor || callback->st_size < sizeof(jump)) return false;
  if(!replace(reinterpret_cast<void*>(cling.base + callback->st_value), reinterpret_cast<void*>(keep_for_now))) return false;
  destroy = reinterpret_cast<void (*)(held_module*)>(cling.base + destructor->st_value);
#ifdef __GLIBC__
  // Clang's blocks of 128 KB and more, which stay, by themselves: else malloc carves them out of what large passing
  // ones leave, and the next of these find no room. A fixed threshold is glibc's default, but it would move.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
  return true;
}

void forget_modules() {
  for(held_module& m : compiled) destroy(&m);
  freed += compiled.size();
  compiled.clear();
}

std::uint64_t forgotten_modules() { return freed; }

} // namespace ts
