"""Asks Clang for the types of expressions, many at once, and remembers what it said.

A question is a C++ expression; the answer is `decltype` of it. Overloads, defaults, conversions and templates
come out right by construction, because Clang itself resolves them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from runtime.analysis.types import CppType
from runtime.cling.diagnostics import Diagnostic
from runtime.cling.plain_names import plain_names
from runtime.cling.session import Session
from runtime.cling.worlds import worlds
from runtime.events import EventLog, TypeQuery
from runtime.native import _support


@dataclass(frozen=True, slots=True)
class Answer:
    """A type as Clang describes it; `flags` as in `runtime.analysis.types.Flag`.

    `fixed` is the number of parameters before a C ellipsis, for a question of kind "variadic"; -1 when
    the callee is not variadic. `constant` is the value that a question of kind "value" asks for.
    """

    name: str = ""
    flags: int = 0
    size: int = 0
    fixed: int = -1
    constant: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """`kind` is "type" (decltype of an expression), "value" (its value too, if it is an enum constant or
    integer), "named" (a type's own name) or "variadic" (of a callee).

    `text` may refer to types that are themselves asked for: `$0$` is the answer to the first of `needs`,
    `$0&$` an lvalue of it.
    """

    kind: str
    text: str
    needs: tuple[Question, ...] = ()


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

    def _settled(self, question: Question) -> Question | None:
        """A question whose needs are answered, with their types written in; None when one was rejected."""
        if not question.needs:
            return question
        names: list[CppType] = []
        for need in question.needs:
            plain = self._settled(need)
            answer = self._known.get(plain) if plain is not None else None
            if not isinstance(answer, Answer):
                return None
            names.append(CppType(answer.name, answer.flags, answer.size))
        text = _NEED.sub(
            lambda m: (names[int(m[1])].lvalue() if m[2] else names[int(m[1])]).name, question.text
        )
        return Question(question.kind, text)

    def _round(self, questions: list[Question]) -> list[Question]:
        """One transaction. Rejected questions are answered so; the others are returned to be asked again."""
        ident = self._session.new_id()
        code = self._code(ident, questions)
        if plain_names.say_all_of(text for q in questions for text in _texts(q)):
            done = self._session.declare(code)
        else:  # what a wrong question is the first to instantiate would be spoilt here
            done = self._session.ask(code, ident)
        self._events.add(TypeQuery(questions=len(questions), compile_ms=done.compile_ms))
        answers = _support.take_answers(ident)
        if done.answers is not None:
            answers = [_answer(line) for line in done.answers.splitlines()]
        if done.ok and len(answers) == len(questions):
            for question, (name, flags, size, fixed, value) in zip(questions, answers, strict=True):
                self._keep(question, Answer(type_name(name), flags, size, fixed, value))
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
            for (
                question
            ) in questions:  # an error that names no question: find whose it is one by one
                self._round([question])
            return []
        guilty = {q for i, q in enumerate(questions) if i in blamed}
        for index, diagnostics in blamed.items():
            if not guilty.intersection(questions[index].needs):
                self._keep(questions[index], Rejected(tuple(diagnostics)))
        left = [q for i, q in enumerate(questions) if i not in blamed]
        # What needs a rejected answer is not asked again: the form is wrong anyway.
        return [q for q in left if not guilty.intersection(q.needs)]

    def _keep(self, question: Question, answer: Answer | Rejected) -> None:
        plain = self._settled(question)
        if plain is not None:
            self._known[plain] = answer

    @staticmethod
    def _code(ident: int, questions: list[Question]) -> str:
        lines = ["#pragma cling optimize(0)", f"{worlds.opening}namespace ts_q{ident} {{"]
        entries = []
        places = {q: i for i, q in enumerate(questions)}

        def need(question: Question) -> Callable[[re.Match[str]], str]:
            def write(m: re.Match[str]) -> str:
                alias = f"t{places[question.needs[int(m[1])]]}"
                return f"ts::lvalue<{alias}>" if m[2] else alias

            return write

        for i, q in enumerate(questions):
            lines.append(f'#line {i + 1} "q{ident}"')
            text = _NEED.sub(need(q), q.text)
            match q.kind:
                case "type":
                    lines.append(f"using t{i} = decltype(({text}));")
                    entries.append(described(f"t{i}"))
                case "value":
                    lines.append(f"using t{i} = decltype(({text}));")
                    entries.append(described(f"t{i}", f"ts::number_of({text})"))
                case "named":
                    lines.append(f"using t{i} = {text};")
                    entries.append(described(f"t{i}"))
                case "variadic":
                    lines.append(f"constexpr int t{i} = TS_FIXED({text});")
                    entries.append(f'{{"", 0, t{i}, 0, 0}}')
        lines.append(f'#line 1 "answers{ident}"')
        lines.append(f"static ts::answer const all[] = {{ {', '.join(entries)} }};")
        lines.append(f"static int const done = ts::submit({ident}, all, {len(questions)});")
        lines.append(f"}}{worlds.closing}")
        return "\n".join(lines)


def _texts(question: Question) -> Iterator[str]:
    """What a question says, and what it needs."""
    yield question.text
    for need in question.needs:
        yield from _texts(need)


def _answer(line: str) -> tuple[str, int, int, int, int]:
    """One of `ts_trial`'s lines."""
    flags, size, fixed, value, name = line.split(" ", 4)
    return name, int(flags), int(size), int(fixed), int(value)


_NEED = re.compile(r"\$(\d+)(&?)\$")


def described(alias: str, value: str = "0") -> str:
    """The initialiser of a `ts::answer` about a type."""
    return f"{{ts::raw_name<{alias}>(), ts::flags_v<{alias}>, -1, ts::size_of<{alias}>(), {value}}}"


def type_name(pretty: str) -> str:
    """The type in Clang's `const char *ts::raw_name() [T = …]`."""
    start = pretty.find("[T = ")
    return pretty[start + 5 : -1] if start >= 0 else ""
