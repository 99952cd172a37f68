"""Lisp exceptions: ex-info and its parts, thrown values, and the names scripts know exception classes by."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

from runtime.core.kinds import EMPTY_MAP, Map, type_name
from runtime.core.registry import TABLE, core, define
from runtime.core.values import Keyword, List, Symbol
from runtime.errors import STACK_OVERFLOW, RuntimeFault


class ExInfo(Exception):
    """What `ex-info` makes: a message, a map of data, perhaps a cause."""

    def __init__(self, message: Any, data: Any, cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data
        self.__cause__ = cause

    def __str__(self) -> str:
        return "" if self.message is None else str(self.message)


class Thrown(Exception):
    """Carries a thrown Lisp value that is no exception to the `catch` that wants it."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        from runtime.core.printing import pr_str

        return f"thrown value: {pr_str(self.value)}"


class ExecutionError(Exception):
    """What a failed future throws at whoever derefs it; its cause is what failed there, place and all."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(_as_java_has_it(original(cause)))
        self.__cause__ = cause


def _as_java_has_it(error: BaseException) -> str:
    """An exception's class and message, and of ex-info the data: `Throwable.toString`."""
    from runtime.core.printing import class_name, pr_str

    known = {entry.value for entry in TABLE.values() if isinstance(entry.value, type)}
    kind = next((k for k in type(error).__mro__ if k in known), type(error))
    parts = [str(ex_message(error) or "")]
    if isinstance(error, ExInfo):
        parts.append(pr_str(error.data))
    text = " ".join(part for part in parts if part)
    return f"{class_name(kind)}: {text}" if text else class_name(kind)


def original(error: Any) -> Any:
    """The exception a script raised, without the runtime's wrapping that carries the Lisp stack."""
    while type(error) is RuntimeFault and error.__cause__ is not None:
        error = error.__cause__
    return error


@core("ex-info", arglists="([msg map] [msg map cause])")
def ex_info(message: Any, data: Any, cause: Any = None) -> ExInfo:
    """An exception with a message and a map of data, to be thrown."""
    if data is None:
        data = EMPTY_MAP
    if type(data) is not Map and not hasattr(data, "items"):
        raise TypeError(f"ex-info takes a map of data, found {type_name(data)}")
    return ExInfo(message, data, cause)


@core("ex-data", arglists="([ex])")
def ex_data(error: Any) -> Any:
    """The data of an exception made by `ex-info`, else nil."""
    error = original(error)
    return error.data if isinstance(error, ExInfo) else None


@core("ex-message", arglists="([ex])")
def ex_message(error: Any) -> Any:
    """The message of an exception, nil for anything else."""
    error = original(error)
    if isinstance(error, ExInfo):
        return error.message
    if isinstance(error, RecursionError):  # Python's own words differ from those of compiled code
        return STACK_OVERFLOW
    return str(error) if isinstance(error, BaseException) else None


@core("ex-cause", arglists="([ex])")
def ex_cause(error: Any) -> Any:
    """The cause of an exception, or nil."""
    error = original(error)
    cause = original(error.__cause__) if isinstance(error, BaseException) else None
    return cause.value if isinstance(cause, Thrown) else cause


@core("Throwable->map", arglists="([o])")
def throwable_to_map(error: Any) -> Any:
    """An exception as data: :via (outermost first), :trace, :cause and, of ex-info, :data."""
    from runtime.core.kinds import vector
    from runtime.core.printing import class_name

    chain = []
    current = original(error)
    while isinstance(current, BaseException):
        chain.append(current)
        current = original(current.__cause__)
    via = [
        Map(
            {
                Keyword("type"): Symbol(class_name(type(e))),
                Keyword("message"): ex_message(e),
                **({Keyword("data"): e.data} if isinstance(e, ExInfo) else {}),
            }
        )
        for e in chain
    ]
    root = chain[-1]
    result = {
        Keyword("via"): vector(via),
        Keyword("trace"): List(tuple(str(frame) for frame in getattr(error, "stack", ()))),
        Keyword("cause"): ex_message(root),
    }
    if isinstance(root, ExInfo):
        result[Keyword("data")] = root.data
    return Map(result)


@core("assertion-error*", arglists="([form] [form message])")
def assertion_error(form: Any, message: Any = None) -> AssertionError:
    """What a failed `assert` throws."""
    from runtime.core.printing import pr_str, str_value

    said = "" if message is None else f"{str_value(message)}\n"
    return AssertionError(f"Assert failed: {said}{pr_str(form)}")


for _name, _class in {
    "Throwable": BaseException,
    "Exception": Exception,
    "RuntimeException": Exception,
    "Error": Exception,
    "ExceptionInfo": ExInfo,
    "IllegalArgumentException": ValueError,
    "IllegalStateException": RuntimeError,
    "ArithmeticException": ArithmeticError,
    "ClassCastException": TypeError,
    "IndexOutOfBoundsException": IndexError,
    "NumberFormatException": ValueError,
    "AssertionError": AssertionError,
    "UnsupportedOperationException": NotImplementedError,
    "ExecutionException": ExecutionError,
    "CancellationException": CancelledError,
}.items():
    define(_name, _class, doc=f"Python's {_class.__name__}, by the name Clojure programs use.")
