// Thrown values that are no std::exception: their text, by their types.
#include "thrown.hpp"
#include "fault.hpp"
#include "interop.hpp"
#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

namespace ts {

namespace {

constexpr std::size_t most_text = 4096; // bytes of a string that are shown

template <class T> std::string number(T value) {
  char text[64];
  auto const end = std::to_chars(text, text + sizeof text, value).ptr;
  return { text, end };
}

struct reading {
  char const* start;
  std::size_t most; // bytes
  std::string text;
};

void read(void* argument) {
  auto& r = *static_cast<reading*>(argument);
  r.text.assign(r.start, strnlen(r.start, r.most));
}

// A string that may be anywhere: what cannot be read is said to be so.
std::string text_at(char const* start, std::size_t most) {
  if(!start) return most == 0 ? "" : "null";
  reading r{ start, most < most_text ? most : most_text, {} };
  if(run_guarded(read, &r) != guarded_outcome::fine) { // a fault is an event already
    PyErr_Clear();
    return "(its text cannot be read)";
  }
  return r.text;
}

} // namespace

std::string thrown_text() {
  try {
    throw;
  } catch(bool v) {
    return v ? "true" : "false";
  } catch(char v) {
    return { v };
  } catch(signed char v) {
    return number(int{ v });
  } catch(unsigned char v) {
    return number(int{ v });
  } catch(short v) {
    return number(v);
  } catch(unsigned short v) {
    return number(v);
  } catch(int v) {
    return number(v);
  } catch(unsigned v) {
    return number(v);
  } catch(long v) {
    return number(v);
  } catch(unsigned long v) {
    return number(v);
  } catch(long long v) {
    return number(v);
  } catch(unsigned long long v) {
    return number(v);
  } catch(float v) {
    return number(v);
  } catch(double v) {
    return number(v);
  } catch(char const* v) {
    return text_at(v, most_text);
  } catch(std::string const& v) {
    return text_at(v.data(), v.size());
  } catch(std::string_view const& v) {
    return text_at(v.data(), v.size());
  } catch(std::error_code const& v) {
    return v.message();
  } catch(...) {
    return "";
  }
}

} // namespace ts
