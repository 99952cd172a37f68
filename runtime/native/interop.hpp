// How values cross between Lisp and C++: conversions both ways, native values that tier 0 holds as Python
// objects, boxes, and the stubs' trampoline. Templates here are instantiated by Cling; what they call is
// compiled once in the extension.
#pragma once
#include "function.hpp"
#include "gil.hpp"
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace ts {

// --- names and kinds of types --------------------------------------------------------------------

// Clang's spelling of T is cut from this at run time, which is cheaper than at compile time.
template<class T> constexpr char const* raw_name() { return __PRETTY_FUNCTION__; }

struct type_info {
  char const* raw;                 // a `raw_name`, or the type as Clang spells it
  void (*destroy)(void*);          // null where nothing has to be done; may throw
  TS_API std::string_view view() const noexcept;
};
TS_API bool same_type(type_info const* a, type_info const* b) noexcept;

template<class T> void destroy_as(void* p) { static_cast<T*>(p)->~T(); }
template<class T> void delete_as(void* p) { delete static_cast<T*>(p); }

template<class T> inline constexpr type_info type_of{ raw_name<T>(), std::is_trivially_destructible_v<T>
                                                                        ? nullptr
                                                                        : destroy_as<T> };

// --- native values as Python objects -------------------------------------------------------------

// A C++ object in a Python one: its own storage behind the header, or a reference to somebody else's.
struct alignas(16) cpp_value {
  PyObject_VAR_HEAD
  void* ptr;
  type_info const* type;
  PyObject* place; // where it was boxed (str) or what keeps a referenced object alive; may be null
  char kind;       // 'v' owns its object, 'r' refers to one, 'b' is a box: a Lisp value that holds a pointer
};

TS_API cpp_value* new_value(std::size_t size, type_info const* type, char kind); // throws; ptr is its storage
TS_API bool is_cpp_value(PyObject* o) noexcept;
TS_API PyObject* box_pointer(void* p, type_info const* type, PyObject* place);
// A box that owns its object, with others that do. Without `destroy` only if another box owns it already.
TS_API PyObject* box_owner(void* p, type_info const* type, void (*destroy)(void*), PyObject* place);
TS_API void empty_boxes(void const* p) noexcept; // the object is being deleted
TS_API void* unbox_pointer(PyObject* o, type_info const* type);
[[noreturn]] TS_API void throw_dead_value();

TS_API void* object_of(PyObject* o); // RuntimeError after its scope has ended
TS_API PyObject* give_object(void* object, type_info const* type); // a reference to somebody's object

// An object being made in its cpp_value: if its constructor throws, the value goes.
class making {
  cpp_value* v_;

public:
  making(std::size_t size, type_info const* type) : v_(new_value(size, type, 'v')) {}
  TS_API ~making();
  void* ptr() const noexcept { return v_->ptr; }
  PyObject* made() noexcept { return reinterpret_cast<PyObject*>(std::exchange(v_, nullptr)); }
};

template<class T> PyObject* give_ref(T&& object) {
  using V = std::remove_reference_t<T>;
  cpp_value* const v = new_value(0, &type_of<V>, 'r');
  v->ptr = const_cast<void*>(static_cast<void const volatile*>(std::addressof(object)));
  return reinterpret_cast<PyObject*>(v);
}

// --- Lisp to C++ ---------------------------------------------------------------------------------

// Where a conversion happens, for its error: "argument 2 of ImGui::Begin".
struct site {
  char const* callee;
  int arg; // from 1; 0 where there is no argument to speak of
};

TS_API bool to_bool(PyObject* o, site const& s);
TS_API std::int64_t to_signed(PyObject* o, site const& s, int bits);
TS_API std::uint64_t to_unsigned(PyObject* o, site const& s, int bits);
TS_API double to_double(PyObject* o, site const& s);
TS_API char to_char(PyObject* o, site const& s);
TS_API char const* to_cstring(PyObject* o, site const& s); // lives as long as the str
TS_API std::string_view to_text(PyObject* o, site const& s);
TS_API void* to_pointer(PyObject* o, site const& s, type_info const* type); // nil or a box of the type
TS_API ref to_items(PyObject* o, site const& s);   // a tuple of a sequence's items
TS_API ref to_entries(PyObject* o, site const& s); // a tuple k1 v1 k2 v2 … of a map's entries

template<class T> inline constexpr bool is_vector = false;
template<class T, class A> inline constexpr bool is_vector<std::vector<T, A>> = true;
template<class T> inline constexpr bool is_map = false;
template<class K, class V, class C, class A> inline constexpr bool is_map<std::map<K, V, C, A>> = true;
template<class K, class V, class H, class E, class A>
inline constexpr bool is_map<std::unordered_map<K, V, H, E, A>> = true;

// Which types other than numbers and enums cross between Lisp and C++ by value.
template<class T> inline constexpr bool crosses = false;
template<> inline constexpr bool crosses<std::nullptr_t> = true;
template<> inline constexpr bool crosses<char const*> = true;
template<> inline constexpr bool crosses<char*> = true;
template<> inline constexpr bool crosses<std::string> = true;
template<> inline constexpr bool crosses<std::string_view> = true;
template<> inline constexpr bool crosses<ref> = true;
template<> inline constexpr bool crosses<PyObject*> = true;
template<std::size_t N> inline constexpr bool crosses<char[N]> = true;
template<std::size_t N> inline constexpr bool crosses<char const[N]> = true;

// For questions about a null pointer among arguments: whether it would become a string, which none can be made of.
struct text_only {
  operator std::string() const;
  operator std::string_view() const;
};
struct pointer_only {
  template<class T> operator T*() const;
};

template<class T> constexpr bool convertible() {
  using V = std::remove_cv_t<std::remove_reference_t<T>>;
  if constexpr(std::is_arithmetic_v<V> || std::is_enum_v<V> || crosses<V>) return true;
  else if constexpr(is_vector<V>) return convertible<typename V::value_type>();
  else if constexpr(is_map<V>) return convertible<typename V::key_type>() && convertible<typename V::mapped_type>();
  else return false;
}

template<class T> T from_lisp(PyObject* o, site const& s) {
  using V = std::remove_cv_t<T>;
  if constexpr(std::is_same_v<V, bool>) return to_bool(o, s);
  else if constexpr(std::is_same_v<V, char>) return to_char(o, s);
  else if constexpr(std::is_enum_v<V>)
    return static_cast<V>(from_lisp<std::underlying_type_t<V>>(o, s));
  else if constexpr(std::is_integral_v<V> && std::is_signed_v<V>)
    return static_cast<V>(to_signed(o, s, 8 * sizeof(V)));
  else if constexpr(std::is_integral_v<V>) return static_cast<V>(to_unsigned(o, s, 8 * sizeof(V)));
  else if constexpr(std::is_floating_point_v<V>) return static_cast<V>(to_double(o, s));
  else if constexpr(std::is_null_pointer_v<V>) return to_pointer(o, s, nullptr), nullptr;
  else if constexpr(std::is_same_v<V, char const*>) return to_cstring(o, s);
  else if constexpr(std::is_same_v<V, std::string> || std::is_same_v<V, std::string_view>) return V(to_text(o, s));
  else if constexpr(std::is_same_v<V, PyObject*>) return hold_on(), o; // who takes these works on them
  else if constexpr(std::is_same_v<V, ref>) return hold_on(), ref::share(o);
  else if constexpr(is_vector<V>) {
    ref const items = to_items(o, s);
    V made;
    made.reserve(static_cast<std::size_t>(PyTuple_GET_SIZE(items.p)));
    for(Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items.p); ++i)
      made.push_back(from_lisp<typename V::value_type>(PyTuple_GET_ITEM(items.p, i), s));
    return made;
  } else if constexpr(is_map<V>) {
    ref const entries = to_entries(o, s);
    V made;
    for(Py_ssize_t i = 0; i + 1 < PyTuple_GET_SIZE(entries.p); i += 2)
      made.emplace(from_lisp<typename V::key_type>(PyTuple_GET_ITEM(entries.p, i), s),
                   from_lisp<typename V::mapped_type>(PyTuple_GET_ITEM(entries.p, i + 1), s));
    return made;
  } else if constexpr(std::is_pointer_v<V>) return static_cast<V>(to_pointer(o, s, &type_of<V>));
  else static_assert(sizeof(V) == 0, "no conversion from a Lisp value");
}

template<class T> constexpr bool from_lisp_possible() {
  using V = std::remove_cv_t<T>;
  return !std::is_reference_v<T> && !std::is_same_v<V, char*> && !std::is_array_v<V>
    && (convertible<V>() || (std::is_pointer_v<V> && !std::is_function_v<std::remove_pointer_t<V>>));
}

// The common ones are compiled in the extension.
#define TS_COMMON_TYPES(F)                                                                                   \
  F(bool) F(char) F(short) F(unsigned short) F(int) F(unsigned int) F(long) F(unsigned long) F(float)        \
  F(double) F(char const*) F(std::string)
#define TS_FROM_LISP(T) extern template TS_API T from_lisp<T>(PyObject*, site const&);
TS_COMMON_TYPES(TS_FROM_LISP)
#undef TS_FROM_LISP

// A Lisp value as a C++ argument: converts to whatever type the chosen parameter has.
struct dyn {
  PyObject* o;
  site where;
  dyn(PyObject* o, site where) noexcept : o(o), where(where) {}
  dyn(dyn const& d) noexcept : o(d.o), where(d.where) {} // not trivial: never silently through C variadics
  template<class T> requires(from_lisp_possible<T>()) operator T() const {
    holding const gil;
    return from_lisp<T>(o, where);
  }
};

template<class T> using id = T; // lets any type be written like a name
template<class T> using lvalue = std::remove_reference_t<T>&;
template<class T> decltype(auto) reach(T&& x) { // the object whose members `.` and `->` reach
  if constexpr(std::is_pointer_v<std::remove_reference_t<T>>) return *x;
  else return static_cast<T&&>(x);
}
template<class T> constexpr std::uint64_t number_of(T const& x) {
  if constexpr(std::is_enum_v<T> || std::is_integral_v<T>) return static_cast<std::uint64_t>(x);
  else return 0;
}
template<class T, class U> T convert(U&& x) { return std::forward<U>(x); }
template<class T> std::remove_cvref_t<T> copy(T&& x) { return std::forward<T>(x); }
template<class T> [[noreturn]] void throw_value(T&& x) { throw std::remove_cvref_t<T>(std::forward<T>(x)); }
template<class T> T unbox(dyn const& d) { return static_cast<T>(unbox_pointer(d.o, &type_of<T>)); }

#define TS_FROM_DYN(T) extern template TS_API dyn::operator T() const;
TS_COMMON_TYPES(TS_FROM_DYN)
#undef TS_FROM_DYN

// Explicit construction from one Lisp value is its conversion where there is one.
template<class T> T construct(dyn const& d) {
  if constexpr(from_lisp_possible<T>()) {
    holding const gil;
    return from_lisp<T>(d.o, d.where);
  } else return T(d);
}

#define TS_EXPLICIT(T) extern template TS_API T construct<T>(dyn const&);
TS_COMMON_TYPES(TS_EXPLICIT)
#undef TS_EXPLICIT

// Tier 0's operands. `T` is the operand's static type; numbers come as Python numbers, the rest as cpp_value.
TS_API std::int64_t number_signed(PyObject* o);
TS_API std::uint64_t number_unsigned(PyObject* o);
TS_API double number_double(PyObject* o);
TS_API char const* string_operand(PyObject* o);

template<class T> decltype(auto) take(PyObject* o) {
  using V = std::remove_cv_t<std::remove_reference_t<T>>;
  if constexpr(std::is_lvalue_reference_v<T>) {
    if constexpr(std::is_function_v<std::remove_reference_t<T>>)
      return *reinterpret_cast<std::remove_reference_t<T>*>(object_of(o));
    else return static_cast<T>(*static_cast<std::remove_reference_t<T>*>(object_of(o)));
  } else if constexpr(std::is_same_v<V, bool>) return o == Py_True;
  else if constexpr(std::is_enum_v<V>) {
    if constexpr(std::is_signed_v<std::underlying_type_t<V>>) return static_cast<V>(number_signed(o));
    else return static_cast<V>(number_unsigned(o));
  } else if constexpr(std::is_integral_v<V> && std::is_signed_v<V>) return static_cast<V>(number_signed(o));
  else if constexpr(std::is_integral_v<V>) return static_cast<V>(number_unsigned(o));
  else if constexpr(std::is_floating_point_v<V>) return static_cast<V>(number_double(o));
  else if constexpr(std::is_null_pointer_v<V>) return nullptr;
  else if constexpr(std::is_same_v<V, char const*>) return string_operand(o);
  else if constexpr(std::is_pointer_v<V> || std::is_member_pointer_v<V>) return V(*static_cast<V*>(object_of(o)));
  else return static_cast<V&&>(*static_cast<V*>(object_of(o)));
}

// --- C++ to Lisp ---------------------------------------------------------------------------------

TS_API PyObject* text_to_lisp(char const* data, std::size_t size);
TS_API PyObject* cstring_to_lisp(char const* text); // nil for null
TS_API PyObject* bool_to_lisp(bool v);
TS_API PyObject* signed_to_lisp(std::int64_t v);
TS_API PyObject* unsigned_to_lisp(std::uint64_t v);
TS_API PyObject* double_to_lisp(double v);
TS_API PyObject* char_to_lisp(char c);
TS_API PyObject* items_to_lisp(PyObject* list);     // steals a Python list, gives a vector
TS_API PyObject* entries_to_lisp(PyObject* dict);   // steals a Python dict, gives a map

template<class T> PyObject* to_lisp(T const& v) {
  using V = std::remove_cv_t<T>;
  holding const gil;
  if constexpr(std::is_same_v<V, bool>) return kept(v ? Py_True : Py_False);
  else if constexpr(std::is_same_v<V, char>) return char_to_lisp(v);
  else if constexpr(std::is_enum_v<V>) return to_lisp(static_cast<std::underlying_type_t<V>>(v) + 0LL);
  else if constexpr(std::is_integral_v<V> && std::is_signed_v<V>) return PyLong_FromLongLong(v);
  else if constexpr(std::is_integral_v<V>) return unsigned_to_lisp(v);
  else if constexpr(std::is_floating_point_v<V>) return PyFloat_FromDouble(static_cast<double>(v));
  else if constexpr(std::is_null_pointer_v<V>) return kept(Py_None);
  else if constexpr(std::is_array_v<V> || std::is_same_v<V, char const*> || std::is_same_v<V, char*>) {
    return cstring_to_lisp(v);
  } else if constexpr(std::is_same_v<V, std::string> || std::is_same_v<V, std::string_view>)
    return text_to_lisp(v.data(), v.size());
  else if constexpr(std::is_same_v<V, ref>) return kept(v.p);
  else if constexpr(std::is_same_v<V, PyObject*>) return kept(v);
  else if constexpr(is_vector<V>) {
    ref list = ref::own(PyList_New(0));
    for(auto const& item : v) {
      ref const made = ref::own(to_lisp(static_cast<typename V::value_type const&>(item)));
      if(PyList_Append(list.p, made.p)) raise();
    }
    return items_to_lisp(list.release());
  } else if constexpr(is_map<V>) {
    ref dict = ref::own(PyDict_New());
    for(auto const& [key, value] : v) {
      ref const k = ref::own(to_lisp(key));
      ref const made = ref::own(to_lisp(value));
      if(PyDict_SetItem(dict.p, k.p, made.p)) raise();
    }
    return entries_to_lisp(dict.release());
  } else static_assert(sizeof(V) == 0, "no conversion to a Lisp value");
}

template<class T> ref box(T* p, dyn const& place) {
  return ref::own(box_pointer(const_cast<void*>(static_cast<void const volatile*>(p)), &type_of<T*>, place.o));
}

template<class T> ref own(T* p, dyn const& place) { // what `cpp/new` gave
  void (*destroy)(void*) = nullptr;
  if constexpr(std::is_destructible_v<T>) destroy = delete_as<T>;
  return ref::own(
    box_owner(const_cast<void*>(static_cast<void const volatile*>(p)), &type_of<T*>, destroy, place.o));
}
template<class T> ref share(T* p, dyn const& place) { // what came out of another box
  return ref::own(
    box_owner(const_cast<void*>(static_cast<void const volatile*>(p)), &type_of<T*>, nullptr, place.o));
}
template<class T> T&& given_up(T&& p) { // the operand of `delete`
  if constexpr(std::is_pointer_v<std::remove_reference_t<T>>)
    empty_boxes(const_cast<void*>(static_cast<void const volatile*>(p)));
  return static_cast<T&&>(p);
}

// --- stubs ---------------------------------------------------------------------------------------

using stub_body = PyObject* (*)(PyObject* const* args);

struct stub {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  stub_body body;
  std::uint64_t hits;
  Py_ssize_t operands;
  PyObject* signature;
  bool keeps_gil; // what it calls is over at once
  bool ui_only;   // what it calls belongs to the window's thread
};

// Calls it on a thread other than the window's: without the GIL. Throws.
TS_API PyObject* call_beside(stub* s, PyObject* const* args);
void set_wrong_thread(PyObject* signature) noexcept; // the error of what only the window's thread may call
// A stub as one call site has it.
struct stub_call {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  stub* called;
  PyObject* site;
};

// Calls a stub's code from a call site, guarded: null with Python's error set where it throws or faults.
PyObject* call_stub(stub* s, PyObject* const* args, PyObject* site) noexcept;

// The reference through which a catch clause sees the C++ exception in `capsule`, nil when it does not match.
TS_API ref match_exception(PyObject* capsule, void* matcher);

inline PyObject* nil() {
  holding const gil;
  return kept(Py_None);
}

// --- answers to type questions -------------------------------------------------------------------

enum kind : std::uint32_t {
  kind_void = 1, kind_bool = 2, kind_integer = 4, kind_float = 8, kind_enum = 16, kind_pointer = 32, kind_class = 64,
  kind_function = 128, kind_nullptr = 256, kind_array = 512, kind_lvalue = 1024, kind_rvalue = 2048, kind_const = 4096,
  kind_convertible = 8192, kind_contextual_bool = 16384, kind_trivial_destructor = 32768, kind_movable = 65536,
  kind_signed = 131072, kind_member_pointer = 262144
};

#ifdef __clang__ // whose own traits need no instantiation (some names are taken by libstdc++)
template<class T> constexpr std::uint32_t flags_of() {
  using R = std::remove_reference_t<T>;
  using V = std::remove_cv_t<R>;
  constexpr bool is_object = !std::is_void_v<V> && !__is_function(V);
  constexpr bool is_record = __is_class(V) || __is_union(V);
  std::uint32_t f = (std::is_void_v<V> ? kind_void : 0) | (std::is_floating_point_v<V> ? kind_float : 0)
    | (__is_same(V, bool) ? kind_bool : __is_integral(V) ? kind_integer : 0) | (std::is_signed_v<V> ? kind_signed : 0)
    | (__is_enum(V) ? kind_enum : 0) | (std::is_pointer_v<V> ? kind_pointer : 0) | (is_record ? kind_class : 0)
    | (__is_function(V) ? kind_function : 0) | (__is_same(V, std::nullptr_t) ? kind_nullptr : 0)
    | (__is_array(V) ? kind_array : 0) | (__is_member_pointer(V) ? kind_member_pointer : 0)
    | (__is_lvalue_reference(T) ? kind_lvalue : 0) | (__is_rvalue_reference(T) ? kind_rvalue : 0)
    | (__is_const(R) ? kind_const : 0);
  if constexpr(is_object) {
    if(convertible<T>()) f |= kind_convertible;
    if constexpr(is_record) {
      if constexpr(requires(R& r) { static_cast<bool>(r); }) f |= kind_contextual_bool;
    }
    if constexpr(!__is_reference(T) && is_record) {
      if(__is_trivially_destructible(V)) f |= kind_trivial_destructor;
      if(__is_constructible(V, V&&)) f |= kind_movable;
    } else f |= kind_trivial_destructor | kind_movable;
  }
  return f;
}
template<class T> inline constexpr std::uint32_t flags_v = flags_of<T>();
#endif

// What Clang says of one question's type. `name` is a __PRETTY_FUNCTION__, from which the asker cuts the
// type's name: cheaper than doing so at compile time. `fixed` is the number of parameters before a C
// ellipsis, or -1.
struct answer {
  char const* name;
  std::uint32_t flags;
  std::int32_t fixed;
  std::uint64_t size;
  std::uint64_t value; // of an enum constant or integer that was asked for it
};

template<class T> constexpr std::uint64_t size_of() {
  using V = std::remove_reference_t<T>;
  if constexpr(std::is_void_v<V> || std::is_function_v<V> || std::is_unbounded_array_v<V>) return 0;
  else return sizeof(V);
}

template<int N> struct fixed_params {};
template<class T> fixed_params<-1> variadic(T, int*);
template<class R, class... A> fixed_params<sizeof...(A)> variadic(R (*)(A..., ...), int*);
template<class R, class C, class... A> fixed_params<sizeof...(A)> variadic(R (C::*)(A..., ...), int*);
template<class R, class C, class... A> fixed_params<sizeof...(A)> variadic(R (C::*)(A..., ...) const, int*);
template<int N> constexpr int fixed_of(fixed_params<N>) { return N; }
// The parameters before the ellipsis of a function, -1 for one without; overload sets count as such.
#define TS_FIXED(callee)                                                                                     \
  [](auto* p) {                                                                                              \
    if constexpr(requires { ts::variadic(&callee, p); }) return ts::fixed_of(decltype(ts::variadic(&callee, p)){}); \
    else return -1;                                                                                          \
  }(static_cast<int*>(nullptr))

// Hands a transaction's answers or stubs over to whoever asked: called by its static initialisers.
TS_API int submit(std::uint64_t id, void const* data, std::size_t count);
bool answers_of(std::uint64_t id, answer const*& first, std::size_t& count); // submitted and not taken yet

} // namespace ts
