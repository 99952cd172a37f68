"""A source beside a header is compiled once, loaded, and kept in the user's cache."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.cling import companions, compiling, declarations
from runtime.errors import CppError, LispError
from runtime.events import LibraryBuilt
from runtime.process import threads
from tests.robustness import Where, slip

_names = itertools.count(1)


class Engine:
    """A C++ engine in a folder of its own. Its names are new in this process, as Cling forgets nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"engine_{next(_names)}"
        self.runtimes: list[Runtime] = []

    def write(self, file: str, text: str) -> Path:
        """A file of the engine; `NAME` in the text stands for its namespace."""
        path = self.folder / file.replace("NAME", self.name)
        path.write_text(text.replace("NAME", self.name))
        return path

    def open(self, **options: object) -> Runtime:
        made = Runtime("interpret", include_dirs=[self.folder], **options)  # type: ignore[arg-type]
        self.runtimes.append(made)
        return made

    def require(self, runtime: Runtime, call: str = "", header: str = "NAME.hpp") -> object:
        """Require the header as `e`, in a namespace of its own, and evaluate `call`."""
        form = f'(ns test.{self.name} (:require ["{header}" :as e :scope "NAME"]))\n{call}'
        return runtime.eval(form.replace("NAME", self.name))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cpp").mkdir()
    made = Engine(tmp_path / "cpp")
    yield made
    for runtime in made.runtimes:
        runtime.close()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often the compiler ran."""
    runs = []
    real = companions.compile_files

    def compiles(command: Sequence[str], *more: Callable[[float], None]) -> tuple[int, str]:
        runs.append(command)
        return real(command, *more)

    monkeypatch.setattr(companions, "compile_files", compiles)
    return lambda: sum("-c" in command for command in runs)


def as_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process loaded."""
    monkeypatch.setattr(companions, "_in_force", {})
    monkeypatch.setattr(companions, "_last", {})
    monkeypatch.setattr(declarations, "_declared", set())


def test_functions_of_the_source_can_be_called(engine: Engine) -> None:
    engine.write("NAME.hpp", "namespace NAME { int answer(int x); }\n")
    engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::answer(int x) { return 2 * x; }\n')
    runtime = engine.open()
    assert engine.require(runtime, "(e/answer 21)") == 42
    (built,) = runtime.events.of(LibraryBuilt)
    assert built.file == str(engine.folder / f"{engine.name}.cpp")
    assert not built.cached and built.compile_ms > 0


def test_a_second_start_compiles_nothing(
    engine: Engine, counted: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write("NAME.hpp", "namespace NAME { int one(); }\n")
    engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::one() { return 1; }\n')
    engine.require(engine.open())
    again = engine.open()
    engine.require(again)
    assert counted() == 1 and again.events.of(LibraryBuilt) == []
    as_another_process(monkeypatch)
    fresh = engine.open()
    assert engine.require(fresh, "(e/one)") == 1
    assert counted() == 1
    assert [event.cached for event in fresh.events.of(LibraryBuilt)] == [True]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("NAME.cpp", id="the source"),
        pytest.param("NAME.hpp", id="its header"),
        pytest.param("NAME_detail.hpp", id="a header behind its header"),
    ],
)
def test_any_change_asks_for_a_build(
    engine: Engine, counted: Callable[[], int], monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    engine.write("NAME_detail.hpp", "#pragma once\n")
    engine.write("NAME.hpp", '#include "NAME_detail.hpp"\nnamespace NAME { int one(); }\n')
    source = '#include "NAME.hpp"\nint NAME::one() { return 1; }\n'
    engine.write("NAME.cpp", source)
    engine.require(engine.open())
    path = engine.folder / changed.replace("NAME", engine.name)
    path.write_text(path.read_text() + "// changed\n")
    as_another_process(monkeypatch)
    engine.require(engine.open())
    assert counted() == 2


def test_sources_that_need_each_other_are_loaded_in_order(engine: Engine) -> None:
    engine.write("NAME_base.hpp", "#pragma once\nnamespace NAME { int base(); }\n")
    engine.write("NAME_base.cpp", '#include "NAME_base.hpp"\nint NAME::base() { return 40; }\n')
    engine.write("NAME.hpp", "namespace NAME { int top(); }\n")
    engine.write(
        "NAME.cpp",
        '#include "NAME.hpp"\n#include "NAME_base.hpp"\nint NAME::top() { return base() + 2; }\n',
    )
    assert engine.require(engine.open(), "(e/top)") == 42


def test_structures_have_one_layout_on_both_sides(engine: Engine) -> None:
    engine.write(
        "NAME.hpp",
        "#include <string>\nnamespace NAME {\n#ifdef NAME_WIDE\n  using number = double;\n#else\n"
        "  using number = float;\n#endif\n"
        "  struct item { number first; std::string name; number last; };\n  item& shared();\n}\n",
    )
    engine.write(
        "NAME.cpp",
        '#include "NAME.hpp"\nNAME::item& NAME::shared() { static item it{ 1, "one", 2.5 }; return it; }\n',
    )
    runtime = engine.open()
    runtime.declarations.define({f"{engine.name}_WIDE": ""})
    call = "(let [i (e/shared)] [(cpp/.-first i) (cpp/.-name i) (cpp/.-last i)])"
    assert list(engine.require(runtime, call)) == [1.0, "one", 2.5]  # type: ignore[call-overload]


def test_an_exception_of_the_source_is_an_error_of_the_script(engine: Engine) -> None:
    engine.write("NAME.hpp", "namespace NAME { int fail(); }\n")
    engine.write(
        "NAME.cpp",
        '#include "NAME.hpp"\n#include <stdexcept>\n'
        'int NAME::fail() { throw std::runtime_error("no fuel"); }\n',
    )
    with pytest.raises(LispError, match="no fuel"):
        engine.require(engine.open(), "(e/fail)")


def test_a_source_that_does_not_compile_is_an_error_at_the_require(engine: Engine) -> None:
    engine.write("NAME.hpp", "namespace NAME { int one(); }\n")
    source = engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::one() { return nothing; }\n')
    runtime = engine.open()
    with pytest.raises(CppError) as caught:
        engine.require(runtime)
    error = caught.value
    assert error.message == f"{engine.name}.cpp does not compile"
    assert error.span is not None and error.span.file == "<eval>"
    (note,) = error.notes
    assert "nothing" in note.message
    assert note.span is not None and (note.span.file, note.span.line) == (str(source), 2)
    assert not list(companions.library_folder().iterdir())
    engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::one() { return 1; }\n')
    assert engine.require(runtime, "(e/one)") == 1


def test_a_source_that_needs_a_missing_library_says_which_symbol(engine: Engine) -> None:
    engine.write("NAME.hpp", "namespace NAME { int one(); }\n")
    engine.write(
        "NAME.cpp",
        'extern "C" int NAME_far();\nnamespace NAME { int one() { return NAME_far(); } }\n',
    )
    with pytest.raises(CppError, match=f"{engine.name}_far") as caught:
        engine.require(engine.open())
    assert caught.value.expected == "the library that defines it: --lib FILE.so"


def test_without_a_compiler_the_error_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write("NAME.hpp", "namespace NAME { int one(); }\n")
    engine.write("NAME.cpp", "namespace NAME { int one() { return 1; } }\n")
    monkeypatch.setenv("CXX", str(engine.folder / "no-such-compiler"))
    with pytest.raises(CppError, match="there is no C") as caught:
        engine.require(engine.open())
    assert "CXX" in caught.value.expected


def test_a_header_of_a_library_has_no_companion(engine: Engine, tmp_path: Path) -> None:
    library = Engine(tmp_path)
    library.write("NAME.hpp", "namespace NAME { inline int one() { return 1; } }\n")
    library.write("NAME.cpp", "#error built by others\n")
    runtime = engine.open()
    runtime.declarations.add_include_dirs([tmp_path], users=False)
    assert library.require(runtime, "(e/one)") == 1
    assert runtime.events.of(LibraryBuilt) == []


@slip(
    Where.HEADERS,
    "a header that depends on `NDEBUG`",
    "Header and companion have the same definitions.",
)
def test_a_header_means_the_same_to_its_companion(engine: Engine) -> None:
    engine.write(
        "NAME.hpp",
        "#pragma once\nnamespace NAME { struct s {\n#ifdef NDEBUG\n  char a[3];\n#else\n  char a[7];\n"
        "#endif\n}; int size_there(); inline int size_here() { return sizeof(s); } }\n",
    )
    engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::size_there() { return sizeof(s); }\n')
    assert engine.require(engine.open(), "(= (e/size_here) (e/size_there))") is True


@slip(Where.HEADERS, "two companions with one global name", "Two variables.")
def test_globals_of_one_name_in_two_companions_are_two(engine: Engine) -> None:
    for part in "ab":
        engine.write(f"NAME{part}.hpp", f"#pragma once\nnamespace NAME{{ int next_{part}(); }}\n")
        engine.write(
            f"NAME{part}.cpp",
            f'#include "NAME{part}.hpp"\nint counter_of_both = {10 if part == "a" else 20};\n'
            f"int NAME::next_{part}() {{ return ++counter_of_both; }}\n",
        )
    runtime = engine.open()
    found = runtime.eval(
        '(ns test.NAME (:require ["NAMEa.hpp" :as a :scope "NAME"] ["NAMEb.hpp" :as b :scope "NAME"]))\n'
        "[(a/next_a) (b/next_b) (a/next_a)]".replace("NAME", engine.name)
    )
    assert list(found) == [11, 21, 12]


def test_inline_variables_stay_one(engine: Engine) -> None:
    engine.write("NAME.hpp", "#pragma once\nnamespace NAME { inline int shared = 1; int see(); }\n")
    engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::see() { return shared; }\n')
    assert engine.require(engine.open(), "(do (cpp/= e/shared 5) (e/see))") == 5


@slip(Where.HEADERS, "a truncated library in the cache", "Built again.")
def test_a_damaged_library_in_the_cache_is_built_again(
    engine: Engine, counted: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.write("NAME.hpp", "#pragma once\nnamespace NAME { int one(); }\n")
    engine.write("NAME.cpp", '#include "NAME.hpp"\nint NAME::one() { return 1; }\n')
    assert engine.require(engine.open(), "(e/one)") == 1
    (library,) = companions.library_folder().glob("*.so")
    whole = library.read_bytes()
    library.unlink()  # the loaded one keeps its memory
    library.write_bytes(whole[: len(whole) // 2])
    as_another_process(monkeypatch)
    assert engine.require(engine.open(), "(e/one)") == 1
    assert counted() == 2


def test_a_compiler_can_be_cancelled() -> None:
    ended = []

    def end(seconds: float) -> None:
        ended.append(compiling.cancel())

    with pytest.raises(compiling.Cancelled):
        compiling.compile_files(["sleep", "60"], end)
    assert ended == [1]


@slip(
    Where.HEADERS,
    "a companion that takes too long to build",
    "*Threads* lists it; *Cancel* ends it.",
)
@slip(
    Where.THREADS,
    "a companion that draws when a future calls it",
    "An error of the future, with the place of the call.",
)
def test_a_companion_that_draws_is_told_so_on_another_thread(engine: Engine) -> None:
    runtime = engine.open()
    runtime.start_imgui()
    engine.write("NAME.hpp", "namespace NAME { int draw(); int plain(); }\n")
    engine.write(
        "NAME.cpp",
        '#include "NAME.hpp"\n#include <imgui.h>\n'
        'int NAME::draw() { ImGui::TextUnformatted("x"); return 1; }\n'
        "int NAME::plain() { return ImGui::ColorConvertFloat4ToU32(ImVec4(0, 0, 0, 1)) >> 24; }\n",
    )
    assert engine.require(runtime, "@(future (e/plain))") == 255
    with pytest.raises(Exception, match=r"ImGui::TextUnformatted was called on another one"):
        runtime.eval("@(future (e/draw))")


def test_a_build_is_listed_and_can_be_cancelled(engine: Engine) -> None:
    """Compiled is a template of a depth that takes the compiler minutes."""
    engine.write("NAME.hpp", "namespace NAME { int one(); }\n")
    engine.write(
        "NAME.cpp",
        "template<int N, int M> constexpr int f() {\n"
        "  if constexpr(N == 0) return M; else return f<N - 1, 2 * M>() + f<N - 1, 2 * M + 1>();\n}\n"
        "namespace NAME { int one() { return f<20, 0>(); } }\n",
    )
    runtime, raised = engine.open(), []

    def require() -> None:
        try:
            engine.require(runtime)
        except LispError as error:
            raised.append(str(error))

    thread = threading.Thread(target=require)
    thread.start()
    cancelled = set()
    while thread.is_alive():
        for number, running in threads.running():
            if running.kind == threads.BUILD:
                cancelled.add(running.what)
                threads.cancel(number)
        thread.join(0.05)
    assert cancelled == {f"{engine.name}.cpp"}
    assert "was cancelled" in raised[0]


@slip(Where.HEADERS, "a companion being built when the app ends", "The compiler ends too.")
def test_a_compiler_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    told = tmp_path / "started"
    os.mkfifo(told)
    code = (
        "import sys\nfrom runtime.cling.compiling import compile_files\n"
        f"compile_files(['sh', '-c', 'exec 9>{told}; sleep 60'])\n"
    )
    with (
        subprocess.Popen([sys.executable, "-c", code]) as parent,
        told.open() as pipe,
    ):  # opened as soon as the compiler has: its end is when all of it is gone
        parent.kill()
        assert pipe.read() == ""
