"""Asks Clang for the types of expressions, many at once, and remembers what it said.

A question is a C++ expression; the answer is `decltype` of it. Overloads, defaults, conversions and templates
come out right by construction, because Clang itself resolves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.cling.diagnostics import Diagnostic
from runtime.cling.session import URGENT, Session
from runtime.events import EventLog, TypeQuery
from runtime.native import _support


@dataclass(frozen=True, slots=True)
class Answer:
    """A type as Clang describes it; `flags` as in `runtime.analysis.types.Flag`.

    `fixed` is the number of parameters before a C ellipsis, for a question of `Kind.VARIADIC`; -1 when
    the callee is not variadic. `constant` is the value of a question of `Kind.CONSTANT`.
    """

    name: str = ""
    flags: int = 0
    size: int = 0
    fixed: int = -1
    constant: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """`kind` is "type" (decltype of an expression), "named" (a type's own name), "variadic" (of a callee)
    or "constant" (the value of an enum constant or integer)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Clang's reasons against one question."""

    diagnostics: tuple[Diagnostic, ...]


class TypeOracle:
    """Answers questions from memory or by one transaction for all that are new. Safe across threads."""

    def __init__(self, session: Session, events: EventLog) -> None:
        self._session = session
        self._events = events
        self._known: dict[Question, Answer | Rejected] = {}

    def known(self, question: Question) -> Answer | Rejected | None:
        """What was answered before, if it was."""
        return self._known.get(question)

    def forget(self) -> None:
        """New declarations may have changed any answer."""
        self._known.clear()

    def ask(self, questions: Sequence[Question]) -> None:
        """Have every question answered; `known` then has each. Blocks on the compile thread."""
        new = [q for q in dict.fromkeys(questions) if q not in self._known]
        while new:
            new = self._round(new)

    def _round(self, questions: list[Question]) -> list[Question]:
        """One transaction. Rejected questions are answered so; the others are returned to be asked again."""
        ident = self._session.new_id()
        done = self._session.declare(self._code(ident, questions), URGENT)
        self._events.add(TypeQuery(questions=len(questions), compile_ms=done.compile_ms))
        answers = _support.take_answers(ident) if done.ok else []
        if done.ok and len(answers) == len(questions):
            for question, (name, flags, size, fixed) in zip(questions, answers, strict=True):
                constant = size - (1 << 64) if question.kind == "constant" and size >> 63 else size
                self._known[question] = Answer(type_name(name), flags, size, fixed, constant)
            return []
        blamed: dict[int, list[Diagnostic]] = {}
        for d in done.errors:
            if d.file == f"q{ident}" and 1 <= d.line <= len(questions):
                blamed.setdefault(d.line - 1, []).append(d)
        if not blamed:
            if len(questions) == 1:
                why = done.errors or (Diagnostic("error", "Cling gave no answer"),)
                self._known[questions[0]] = Rejected(tuple(why))
                return []
            for question in questions:  # an error that names no question: find whose it is one by one
                self._round([question])
            return []
        for index, diagnostics in blamed.items():
            self._known[questions[index]] = Rejected(tuple(diagnostics))
        return [q for i, q in enumerate(questions) if i not in blamed]

    @staticmethod
    def _code(ident: int, questions: list[Question]) -> str:
        lines = ["#pragma cling optimize(0)", f"namespace ts_q{ident} {{"]
        entries = []
        for i, q in enumerate(questions):
            lines.append(f'#line {i + 1} "q{ident}"')
            match q.kind:
                case "type":
                    lines.append(f"using t{i} = decltype(({q.text}));")
                    entries.append(described(f"t{i}"))
                case "named":
                    lines.append(f"using t{i} = {q.text};")
                    entries.append(described(f"t{i}"))
                case "variadic":
                    lines.append(f"using t{i} = decltype(ts::variadic(&{q.text}));")
                    entries.append(f'{{"", 0, ts::fixed_of((t{i}*)nullptr), 0}}')
                case "constant":
                    lines.append(f"constexpr auto t{i} = (unsigned long)({q.text});")
                    entries.append(f'{{"", 0, -1, t{i}}}')
        lines.append(f'#line 1 "answers{ident}"')
        lines.append(f"inline constexpr ts::answer all[] = {{ {', '.join(entries)} }};")
        lines.append(f"static int const done = ts::submit({ident}, all, {len(questions)});")
        lines.append("}")
        return "\n".join(lines)


def described(alias: str) -> str:
    """The initialiser of a `ts::answer` about a type."""
    return f"{{ts::raw_name<{alias}>(), ts::flags_v<{alias}>, -1, ts::size_of<{alias}>()}}"


def type_name(pretty: str) -> str:
    """The type in Clang's `const char *ts::raw_name() [T = …]`."""
    start = pretty.find("[T = ")
    return pretty[start + 5 : -1] if start >= 0 else ""
