// How values cross between Lisp and C++: conversions both ways, native values that tier 0 holds as Python
// objects, boxes, and the stubs' trampoline. Templates here are instantiated by Cling; what they call is
// compiled once in the extension.
#pragma once
#include "function.hpp"
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace ts {

// --- names and kinds of types ---------------------------------------------------------------------------

template<class T> constexpr std::string_view pretty() {
  constexpr std::string_view text = __PRETTY_FUNCTION__;
  constexpr auto from = text.find("T = ") + 4;
  constexpr auto end = text.find_first_of(";]", text.rfind(']') == text.size() - 1 ? text.size() - 1 : from);
  return text.substr(from, end - from);
}

struct type_info {
  char const* name; // as Clang spells it; not terminated
  std::uint32_t length;
  void (*destroy)(void*) noexcept; // null where nothing has to be done
  std::string_view view() const noexcept { return { name, length }; }
};

template<class T> void destroy_as(void* p) noexcept { static_cast<T*>(p)->~T(); }

template<class T> inline constexpr type_info type_of{ pretty<T>().data(),
                                                      static_cast<std::uint32_t>(pretty<T>().size()),
                                                      std::is_trivially_destructible_v<T> ? nullptr
                                                                                          : destroy_as<T> };

// --- native values as Python objects ---------------------------------------------------------------------

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
TS_API void* unbox_pointer(PyObject* o, std::string_view type);
[[noreturn]] TS_API void throw_dead_value();

inline void* object_of(PyObject* o) {
  void* const p = reinterpret_cast<cpp_value*>(o)->ptr;
  if(!p) throw_dead_value();
  return p;
}

template<class T> PyObject* give_value(T&& made) {
  using V = std::remove_cv_t<std::remove_reference_t<T>>;
  cpp_value* const v = new_value(sizeof(V), &type_of<V>, 'v');
  try {
    new(v->ptr) V(std::forward<T>(made));
  } catch(...) {
    v->ptr = nullptr;
    Py_DECREF(reinterpret_cast<PyObject*>(v));
    throw;
  }
  return reinterpret_cast<PyObject*>(v);
}

template<class T> PyObject* give_ref(T&& object) {
  using V = std::remove_reference_t<T>;
  cpp_value* const v = new_value(0, &type_of<V>, 'r');
  v->ptr = const_cast<void*>(static_cast<void const volatile*>(std::addressof(object)));
  return reinterpret_cast<PyObject*>(v);
}

template<class T, class F> PyObject* give_made(F&& make) { // an object that cannot be moved is made in place
  cpp_value* const v = new_value(sizeof(T), &type_of<T>, 'v');
  try {
    make(v->ptr);
  } catch(...) {
    v->ptr = nullptr;
    Py_DECREF(reinterpret_cast<PyObject*>(v));
    throw;
  }
  return reinterpret_cast<PyObject*>(v);
}

// --- Lisp to C++ ------------------------------------------------------------------------------------------

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
TS_API void* to_pointer(PyObject* o, site const& s, std::string_view type);
TS_API ref to_items(PyObject* o, site const& s);   // a tuple of a sequence's items
TS_API ref to_entries(PyObject* o, site const& s); // a tuple k1 v1 k2 v2 … of a map's entries

template<class T> struct is_vector : std::false_type {};
template<class T, class A> struct is_vector<std::vector<T, A>> : std::true_type {};
template<class T> struct is_map : std::false_type {};
template<class K, class V, class C, class A> struct is_map<std::map<K, V, C, A>> : std::true_type {};
template<class K, class V, class H, class E, class A>
struct is_map<std::unordered_map<K, V, H, E, A>> : std::true_type {};

template<class T> constexpr bool convertible() {
  using V = std::remove_cv_t<std::remove_reference_t<T>>;
  if constexpr(std::is_arithmetic_v<V> || std::is_enum_v<V> || std::is_null_pointer_v<V>) return true;
  else if constexpr(std::is_same_v<V, char const*> || std::is_same_v<V, char*> || std::is_same_v<V, std::string>
                    || std::is_same_v<V, std::string_view> || std::is_same_v<V, ref>
                    || std::is_same_v<V, PyObject*>)
    return true;
  else if constexpr(std::is_array_v<V>) return std::is_same_v<std::remove_cv_t<std::remove_extent_t<V>>, char>;
  else if constexpr(is_vector<V>::value) return convertible<typename V::value_type>();
  else if constexpr(is_map<V>::value)
    return convertible<typename V::key_type>() && convertible<typename V::mapped_type>();
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
  else if constexpr(std::is_null_pointer_v<V>) return to_pointer(o, s, "nullptr"), nullptr;
  else if constexpr(std::is_same_v<V, char const*>) return to_cstring(o, s);
  else if constexpr(std::is_same_v<V, std::string> || std::is_same_v<V, std::string_view>) return V(to_text(o, s));
  else if constexpr(std::is_same_v<V, PyObject*>) return o;
  else if constexpr(std::is_same_v<V, ref>) return ref::share(o);
  else if constexpr(is_vector<V>::value) {
    ref const items = to_items(o, s);
    V made;
    made.reserve(static_cast<std::size_t>(PyTuple_GET_SIZE(items.p)));
    for(Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items.p); ++i)
      made.push_back(from_lisp<typename V::value_type>(PyTuple_GET_ITEM(items.p, i), s));
    return made;
  } else if constexpr(is_map<V>::value) {
    ref const entries = to_entries(o, s);
    V made;
    for(Py_ssize_t i = 0; i + 1 < PyTuple_GET_SIZE(entries.p); i += 2)
      made.emplace(from_lisp<typename V::key_type>(PyTuple_GET_ITEM(entries.p, i), s),
                   from_lisp<typename V::mapped_type>(PyTuple_GET_ITEM(entries.p, i + 1), s));
    return made;
  } else if constexpr(std::is_pointer_v<V>) return static_cast<V>(to_pointer(o, s, type_of<V>.view()));
  else static_assert(sizeof(V) == 0, "no conversion from a Lisp value");
}

template<class T> constexpr bool from_lisp_possible() {
  using V = std::remove_cv_t<T>;
  return !std::is_reference_v<T> && !std::is_same_v<V, char*> && !std::is_array_v<V>
    && (convertible<V>() || (std::is_pointer_v<V> && !std::is_function_v<std::remove_pointer_t<V>>));
}

// A Lisp value as a C++ argument: converts to whatever type the chosen parameter has.
struct dyn {
  PyObject* o;
  site where;
  dyn(PyObject* o, site where) noexcept : o(o), where(where) {}
  dyn(dyn const& d) noexcept : o(d.o), where(d.where) {} // not trivial: never silently through C variadics
  template<class T> requires(from_lisp_possible<T>()) operator T() const { return from_lisp<T>(o, where); }
};

template<class T> using id = T; // lets any type be written like a name
template<class T, class U> T convert(U&& x) { return std::forward<U>(x); }
template<class T> std::remove_cvref_t<T> copy(T&& x) { return std::forward<T>(x); }
template<class T> [[noreturn]] void throw_value(T&& x) { throw std::remove_cvref_t<T>(std::forward<T>(x)); }
template<class T> T unbox(dyn const& d) { return static_cast<T>(unbox_pointer(d.o, type_of<T>.view())); }

// Explicit construction from one Lisp value is its conversion where there is one.
template<class T> T construct(dyn const& d) {
  if constexpr(from_lisp_possible<T>()) return from_lisp<T>(d.o, d.where);
  else return T(d);
}

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

// --- C++ to Lisp ------------------------------------------------------------------------------------------

TS_API PyObject* text_to_lisp(char const* data, std::size_t size);
TS_API PyObject* unsigned_to_lisp(std::uint64_t v);
TS_API PyObject* char_to_lisp(char c);
TS_API PyObject* items_to_lisp(PyObject* list);     // steals a Python list, gives a vector
TS_API PyObject* entries_to_lisp(PyObject* dict);   // steals a Python dict, gives a map

template<class T> PyObject* to_lisp(T const& v) {
  using V = std::remove_cv_t<T>;
  if constexpr(std::is_same_v<V, bool>) return Py_NewRef(v ? Py_True : Py_False);
  else if constexpr(std::is_same_v<V, char>) return char_to_lisp(v);
  else if constexpr(std::is_enum_v<V>) return to_lisp(static_cast<std::underlying_type_t<V>>(v) + 0LL);
  else if constexpr(std::is_integral_v<V> && std::is_signed_v<V>) return PyLong_FromLongLong(v);
  else if constexpr(std::is_integral_v<V>) return unsigned_to_lisp(v);
  else if constexpr(std::is_floating_point_v<V>) return PyFloat_FromDouble(static_cast<double>(v));
  else if constexpr(std::is_null_pointer_v<V>) return Py_NewRef(Py_None);
  else if constexpr(std::is_array_v<V> || std::is_same_v<V, char const*> || std::is_same_v<V, char*>) {
    char const* const text = v;
    return text ? text_to_lisp(text, std::char_traits<char>::length(text)) : Py_NewRef(Py_None);
  } else if constexpr(std::is_same_v<V, std::string> || std::is_same_v<V, std::string_view>)
    return text_to_lisp(v.data(), v.size());
  else if constexpr(std::is_same_v<V, ref>) return Py_NewRef(v.p);
  else if constexpr(std::is_same_v<V, PyObject*>) return Py_NewRef(v);
  else if constexpr(is_vector<V>::value) {
    ref list = ref::own(PyList_New(0));
    for(auto const& item : v) {
      ref const made = ref::own(to_lisp(static_cast<typename V::value_type const&>(item)));
      if(PyList_Append(list.p, made.p)) raise();
    }
    return items_to_lisp(list.release());
  } else if constexpr(is_map<V>::value) {
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

// --- stubs ------------------------------------------------------------------------------------------------

using stub_body = PyObject* (*)(PyObject* const* args);

inline PyObject* nil() noexcept { return Py_NewRef(Py_None); }

// --- answers to type questions ---------------------------------------------------------------------------

enum kind : std::uint32_t {
  kind_void = 1, kind_bool = 2, kind_integer = 4, kind_float = 8, kind_enum = 16, kind_pointer = 32, kind_class = 64,
  kind_function = 128, kind_nullptr = 256, kind_array = 512, kind_lvalue = 1024, kind_rvalue = 2048, kind_const = 4096,
  kind_convertible = 8192, kind_contextual_bool = 16384, kind_trivial_destructor = 32768, kind_copyable = 65536,
  kind_movable = 131072, kind_signed = 262144, kind_member_pointer = 524288, kind_callable = 1048576,
  kind_defaultable = 2097152
};

template<class T> concept has_call = requires { &T::operator(); };

template<class T> constexpr std::uint32_t flags_of() {
  using R = std::remove_reference_t<T>;
  using V = std::remove_cv_t<R>;
  std::uint32_t f = 0;
  if(std::is_void_v<V>) f |= kind_void;
  if(std::is_same_v<V, bool>) f |= kind_bool;
  else if(std::is_integral_v<V>) f |= kind_integer;
  if(std::is_signed_v<V>) f |= kind_signed;
  if(std::is_floating_point_v<V>) f |= kind_float;
  if(std::is_enum_v<V>) f |= kind_enum;
  if(std::is_pointer_v<V>) f |= kind_pointer;
  if(std::is_class_v<V> || std::is_union_v<V>) f |= kind_class;
  if(std::is_function_v<V>) f |= kind_function;
  if(std::is_null_pointer_v<V>) f |= kind_nullptr;
  if(std::is_array_v<V>) f |= kind_array;
  if(std::is_member_pointer_v<V>) f |= kind_member_pointer;
  if(std::is_lvalue_reference_v<T>) f |= kind_lvalue;
  if(std::is_rvalue_reference_v<T>) f |= kind_rvalue;
  if(std::is_const_v<R>) f |= kind_const;
  if constexpr(!std::is_void_v<V> && !std::is_function_v<V>) {
    if(convertible<T>()) f |= kind_convertible;
    if constexpr(std::is_class_v<V>) {
      if constexpr(requires(R& r) { static_cast<bool>(r); }) f |= kind_contextual_bool;
    }
    if(std::is_trivially_destructible_v<V>) f |= kind_trivial_destructor;
    if(std::is_copy_constructible_v<V>) f |= kind_copyable;
    if(std::is_move_constructible_v<V>) f |= kind_movable;
    if(std::is_default_constructible_v<V>) f |= kind_defaultable;
  }
  if constexpr(std::is_class_v<V>) {
    if(has_call<V>) f |= kind_callable;
  }
  return f;
}

// What Clang says of one question's type. `fixed` is the number of parameters before a C ellipsis, or -1.
struct answer {
  char const* name;
  std::uint32_t length;
  std::uint32_t flags;
  std::uint64_t size;
  std::int32_t fixed;
};

template<class T> constexpr std::uint64_t size_of() {
  using V = std::remove_reference_t<T>;
  if constexpr(std::is_void_v<V> || std::is_function_v<V> || std::is_unbounded_array_v<V>) return 0;
  else return sizeof(V);
}

template<class T> constexpr answer describe() {
  return { pretty<T>().data(), static_cast<std::uint32_t>(pretty<T>().size()), flags_of<T>(), size_of<T>(), -1 };
}

template<int N> struct fixed_params {};
template<class T> fixed_params<-1> variadic(T); // overload sets match neither: Clang rejects the question
template<class R, class... A> fixed_params<sizeof...(A)> variadic(R (*)(A..., ...));
template<class R, class C, class... A> fixed_params<sizeof...(A)> variadic(R (C::*)(A..., ...));
template<class R, class C, class... A> fixed_params<sizeof...(A)> variadic(R (C::*)(A..., ...) const);

template<int N> constexpr answer describe_variadic(fixed_params<N>*) { return { "", 0, 0, 0, N }; }

// Hands a transaction's answers or stubs over to whoever asked: called by its static initialisers.
TS_API int submit(std::uint64_t id, void const* data, std::size_t count);

} // namespace ts
