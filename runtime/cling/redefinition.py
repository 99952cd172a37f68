"""C++ that takes the place of C++ declared before, though Clang never forgets a declaration.

Raw text is declared at global scope. When edited text clashes with its former self, or uses something that
was replaced, it goes into a namespace of its own; generated code then names what is in force by
using-declarations, which hide the global names (`in_force`). A namespace that the text opens sees through
to the one it replaces, so what it does not redefine is still found there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from runtime.cling.diagnostics import Diagnostic
from runtime.cling.session import Declared, Session

_CLASH = re.compile(
    r"redefinition|differ only in their return type|different kind of symbol|redeclar|conflict"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|(?P<ns>\bnamespace\s+(?P<name>[\w:]+)\s*\{)|[{}]',
    re.DOTALL,
)
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[^\n]*", re.MULTILINE)
_CHUNK = 15  # names asked about at once: Clang stops after twenty errors


class Redefinitions:
    """What replaced what in this process. `serial` counts the raw texts declared so far."""

    def __init__(self) -> None:
        self.serial = 0
        self._mentioned: dict[
            str, int
        ] = {}  # name -> the last raw text or header that may have declared it
        self._replaced: dict[str, int] = {}  # name -> the text in whose namespace it is now
        self._line: dict[str, str] = {}  # name -> the declaration that puts it in force
        self._all = 0

    def mention(self, text: str) -> None:
        """A text was declared: what was known of the names in it may be known no longer."""
        self.serial += 1
        for word in _WORD.findall(text):
            self._mentioned[word] = self.serial

    def mention_all(self) -> None:
        """A header was declared, whose names are not looked at."""
        self.serial += 1
        self._all = self.serial

    def generation(self, *texts: str) -> int:
        """A number that is another once the names in C++ expressions may mean something else."""
        words = (word for text in texts for word in _WORD.findall(text))
        return max((self._mentioned.get(word, 0) for word in words), default=0) or self._all

    def replaced_since(self, text: str, serial: int) -> bool:
        """Whether a name in `text` was replaced after the text number `serial`."""
        return any(self._replaced.get(word, 0) > serial for word in _WORD.findall(text))

    def in_force(self, text: str) -> str:
        """Declarations to stand at the head of the namespace in which generated code is."""
        if not self._line:
            return ""
        return " ".join(
            self._line[word] for word in dict.fromkeys(_WORD.findall(text)) if word in self._line
        )

    def replace(
        self, session: Session, name: str, text: str, reread: Callable[[str], str]
    ) -> Declared:
        """Declare `text` in a namespace of its own and put its names in force. `name` is for `#line`;
        `reread` gives what must stand for the text's includes."""
        home = f"ts_r{self.serial + 1}"
        body, before = self._seeing_through(_INCLUDE.sub("", text))
        includes = reread("\n".join(_INCLUDE.findall(text)))
        known = self.in_force(text)

        def declared(around: str, inside: str) -> Declared:
            return session.declare(
                f"{includes}\n{before}\nnamespace {home} {{ {around}\n"
                f'namespace now {{ {inside}\n#line 1 "{name}"\n{body}\n}} }}\n'
            )

        done = declared("", known)  # overloads of several texts belong together
        if known and clashes(done):
            done = declared(known, "")
        if done.ok:
            self.mention(text)
            self._put_in_force(session, f"{home}::now", dict.fromkeys(_WORD.findall(text)))
        return done

    def _seeing_through(self, text: str) -> tuple[str, str]:
        """`text` whose namespaces also see those they replace, and what must be declared before it."""
        open_: list[str | None] = []
        before: list[str] = []

        def write(m: re.Match[str]) -> str:
            if m["ns"]:
                outer = all(name is not None for name in open_)
                open_.append(m["name"])
                if not outer:
                    return m[0]
                path = "::".join(name for name in open_ if name)
                old = self._target(path)
                before.append(f"namespace {old.removeprefix('::')} {{}}")
                return f"{m[0]} using namespace {old};"
            if m[0] == "{":
                open_.append(None)
            elif m[0] == "}" and open_:
                open_.pop()
            return m[0]

        return _TOKEN.sub(write, text), " ".join(before)

    def _target(self, path: str) -> str:
        """The full name of the namespace that is in force as `path`."""
        root, _, rest = path.partition("::")
        line = self._line.get(root, "")
        if not line.startswith("namespace "):
            return f"::{path}"
        base = line.split("= ")[1].rstrip(";")
        return f"{base}::{rest}" if rest else base

    def _put_in_force(self, session: Session, home: str, names: Iterable[str]) -> None:
        wanted = list(names)
        for start in range(0, len(wanted), _CHUNK):
            chunk = {name: f"using {home}::{name};" for name in wanted[start : start + _CHUNK]}
            for _ in range(
                3
            ):  # without what is no name of it; namespaces as such; then all must be well
                wrong = self._probe(session, chunk)
                for name, why in wrong.items():
                    if "namespace" in why.message and "cannot refer" in why.message:
                        chunk[name] = f"namespace {name} = {home}::{name};"
                    else:
                        del chunk[name]
                if not wrong:
                    break
            for name, line in chunk.items():
                self._line[name] = line
                self._replaced[name] = self.serial

    def _probe(self, session: Session, lines: dict[str, str]) -> dict[str, Diagnostic]:
        """Which of the declarations Clang refuses, and why."""
        ident = session.new_id()
        numbered = [f'#line {i + 1} "p{ident}"\n{line}' for i, line in enumerate(lines.values())]
        done = session.declare(f"namespace ts_p{ident} {{\n" + "\n".join(numbered) + "\n}\n")
        names = list(lines)
        return {
            names[d.line - 1]: d
            for d in done.errors
            if d.file == f"p{ident}" and 1 <= d.line <= len(names)
        }


def clashes(done: Declared) -> bool:
    """Whether a text was rejected because of what was declared before it."""
    return any(_CLASH.search(d.message) for d in done.errors)


redefinitions = Redefinitions()
