// The twin: a copy of this process that stays, declares whatever this one declares, and makes the copies for trials
// in its stead. A copy of this process costs its frames some milliseconds: the page tables are copied while the
// frame waits, and each page is when it is next written to. A copy of the twin costs them nothing.
// See runtime/cling/trial.py, which asks it, and docs/trials.md.
#include "module.hpp"
#include "submissions.hpp"
#include "trial.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <unistd.h>

namespace ts {

namespace {

constexpr unsigned longest_declaration = 60; // seconds: a twin that is at one for longer ends

enum request { TRY, FOLLOW };

// One packet to the twin, with the text in a file and for a trial another file for what is said of it.
struct packet {
  request what;
  order trial;
  int (*declare)(char const* code, char** words);
  int accepted; // whether this process accepted it
};

// In memory that both share.
struct progress {
  std::atomic<std::uint64_t> followed;     // declarations so far
  std::atomic<std::uint64_t> grown;        // bytes, since it was made
  std::atomic<bool> astray;                // something went another way than here
};

struct twin {
  std::atomic<pid_t> pid{ 0 };
  int line = -1;
  progress* at = nullptr;
  std::uint64_t sent = 0; // declarations
};

std::mutex& lock = *new std::mutex; // of what follows
twin& mine = *new twin;

int file_of(char const* text) {
  int const file = memfd_create("declaration", MFD_CLOEXEC);
  std::size_t const size = strlen(text);
  for(std::size_t done = 0; file >= 0 && done < size;) {
    ssize_t const n = write(file, text + done, size - done);
    if(n <= 0) {
      close(file);
      return -1;
    }
    done += static_cast<std::size_t>(n);
  }
  return file;
}

// --- in the twin ---------------------------------------------------------------------------------

bool receive(int line, packet& p, int files[2]) {
  files[0] = files[1] = -1;
  iovec part{ &p, sizeof p };
  alignas(cmsghdr) char space[CMSG_SPACE(2 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = sizeof space;
  ssize_t n;
  do n = recvmsg(line, &message, MSG_CMSG_CLOEXEC);
  while(n < 0 && errno == EINTR);
  if(n != sizeof p) return false;
  cmsghdr const* const sent = CMSG_FIRSTHDR(&message);
  if(!sent || sent->cmsg_type != SCM_RIGHTS) return false;
  memcpy(files, CMSG_DATA(sent), sent->cmsg_len - CMSG_LEN(0));
  return true;
}

void follow(packet const& p, char const* code, progress* at) {
  char* words = nullptr;
  alarm(longest_declaration);
  int const accepted = p.declare(code, &words);
  alarm(0);
  free(words);
  if(accepted != p.accepted) at->astray = true;
}

[[noreturn]] void live(int line, int parent, progress* at) {
  be_a_copy(parent);
  for(int s : { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP }) std::signal(s, SIG_DFL);
  int const nothing = open("/dev/null", O_RDWR);
  for(int i = 0; i < 3; ++i) dup2(nothing, i);
  line = dup2(line, 3); // whatever else is open is this process's parent's alone: ports, files, the display
  close_range(4, ~0u, 0);
  std::size_t const before = mapped_bytes();
  packet p;
  int files[2];
  while(receive(line, p, files)) {
    char* code = nullptr;
    std::uint64_t length;
    take_words(files[0], &code, &length);
    close(files[0]);
    if(!code) _exit(1);
    code[length] = 0;
    if(p.what == TRY) {
      verdict const found = try_in_copy(p.trial, code, files[1], line);
      close(files[1]);
      if(send(line, &found, sizeof found, MSG_NOSIGNAL) != sizeof found) _exit(0);
    } else {
      follow(p, code, at);
      std::size_t const now = mapped_bytes();
      at->grown = now > before ? now - before : 0;
      ++at->followed;
    }
    free(code);
  }
  _exit(0);
}

// --- in this process, with the lock held -----------------------------------------------------------

void end() {
  if(!mine.pid) return;
  kill(mine.pid, SIGKILL);
  waitpid(mine.pid, nullptr, 0);
  close(mine.line);
  munmap(mine.at, sizeof(progress));
  mine.pid = 0;
}

bool start() {
  int ends[2];
  void* const shared = mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if(shared == MAP_FAILED) return false;
  if(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    munmap(shared, sizeof(progress));
    return false;
  }
  auto* const at = new(shared) progress{};
  pid_t const parent = getpid();
  std::unique_lock<std::mutex> held = hold_submissions();
  pid_t const pid = fork();
  held.unlock();
  if(pid == 0) live(ends[1], parent, at);
  close(ends[1]);
  if(pid < 0) {
    close(ends[0]);
    munmap(shared, sizeof(progress));
    return false;
  }
  mine.line = ends[0];
  mine.at = at;
  mine.sent = 0;
  mine.pid = pid;
  return true;
}

bool tell(packet const& p, int text, int words = -1) {
  iovec part{ const_cast<packet*>(&p), sizeof p };
  int const files[2] = { text, words };
  int const count = words < 0 ? 1 : 2;
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof files)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(head), files, count * sizeof(int));
  return sendmsg(mine.line, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof p;
}

// Whether the twin has declared all that this process has, or does within so many seconds.
bool in_step(double patience_s) {
  auto const until = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
  while(mine.at->followed != mine.sent) {
    pollfd one{ mine.line, 0, 0 };
    if(poll(&one, 1, 0) != 0 || std::chrono::steady_clock::now() > until) return false;
    usleep(200);
  }
  return !mine.at->astray;
}

// Whether it ended: it says nothing of its own, so what comes is the end of its line.
bool ended() {
  pollfd one{ mine.line, POLLIN, 0 };
  return poll(&one, 1, 0) != 0;
}

// Its verdict. What depends on the process that it came up in, like what an initialiser found in memory, is
// none: this process may have gone another way since.
int ask(order const& o, char const* code, verdict& found, int words, double patience_s) {
  if(!in_step(patience_s)) {
    if(ended() || mine.at->astray) end();
    return DOUBTFUL;
  }
  int const text = file_of(code);
  bool const told = text >= 0 && tell({ TRY, o, nullptr, 0 }, text, words);
  close(text);
  pollfd one{ mine.line, POLLIN, 0 };
  int const longest = static_cast<int>((o.wall_s + 10) * 1e3);
  if(!told || poll(&one, 1, longest) != 1 || recv(mine.line, &found, sizeof found, 0) != sizeof found) {
    end();
    return DOUBTFUL;
  }
  bool const by_initialiser =
    found.thrown || found.how == LEFT || (found.users && (found.how == FAULT || found.how == MEMORY));
  return found.how == UNTRIED || by_initialiser ? DOUBTFUL : found.how;
}

} // namespace
} // namespace ts

// As `ts_trial`, by the twin; DOUBTFUL where there is none, where it is behind for longer than `patience_s`, or
// where what it found need not hold here.
extern "C" TS_API int ts_twin_trial(ts::order const* o, char const* code, ts::verdict* found, char** words,
                                    std::uint64_t* length, double patience_s) {
  using namespace ts;
  *words = nullptr;
  *length = 0;
  std::unique_lock const held(lock, std::try_to_lock);
  if(!held || !mine.pid) return DOUBTFUL;
  int const file = memfd_create("trial", MFD_CLOEXEC);
  if(file < 0) return DOUBTFUL;
  int const how = ask(*o, code, *found, file, patience_s);
  if(how != DOUBTFUL) take_words(file, words, length);
  close(file);
  return how;
}

// This process declared `code`, which it accepted or did not: the twin does the same in its time.
extern "C" TS_API void ts_twin_follow(int (*declare)(char const*, char**), char const* code, int accepted) {
  using namespace ts;
  std::lock_guard const held(lock);
  if(!mine.pid) return;
  int const text = file_of(code);
  bool const told = text >= 0 && tell({ FOLLOW, {}, declare, accepted }, text);
  if(text >= 0) close(text);
  if(told) ++mine.sent;
  else end();
}

// Makes a twin where there is none, or anew where it took more than `most_bytes`. Only for the thread that
// declares. The id of its process, 0 where none can be made.
extern "C" TS_API int ts_twin_start(std::uint64_t most_bytes) {
  using namespace ts;
  std::lock_guard const held(lock);
  if(mine.pid && (ended() || mine.at->grown > most_bytes)) end();
  if(!mine.pid) start();
  return mine.pid;
}

extern "C" TS_API void ts_twin_end() {
  if(pid_t const pid = ts::mine.pid) kill(pid, SIGKILL); // who waits for it has the lock
  std::lock_guard const held(ts::lock);
  ts::end();
}

// For `ts_twin_follow` in place of a declaration: loads a shared library.
extern "C" TS_API int ts_follow_open(char const* path, char** words) {
  *words = nullptr;
  return dlopen(path, RTLD_NOW | RTLD_GLOBAL) != nullptr;
}
