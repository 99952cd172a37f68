"""What the ratios of the benchmarks must reach, and what the plan claimed before there was any figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of a ratio: at least or at most `bound`. `claim` is the plan's word on it, if it has one."""

    relation: str  # "≥" or "≤"
    bound: float
    claim: str = ""

    def met(self, value: float) -> bool:
        """Whether `value` keeps to the bound."""
        return value >= self.bound if self.relation == "≥" else value <= self.bound

    def __str__(self) -> str:
        return f"{self.relation} {self.bound:g}"


# By benchmark and ratio.
TARGETS = {
    ("restart", "restart_ms"): Target("≤", 3000),
    ("restart", "journal_frame_ms"): Target("≤", 0.2),
    ("debug-ui", "warm_compile_work"): Target("≥", 100, "3–4 s → 51 ms, then ~1 ms: ~60×"),
    ("debug-ui", "warm_eval"): Target("≥", 20, "hybrid: 20–60×"),
    ("debug-ui", "cold_eval"): Target("≥", 3, "10 stubs at 5 ms: 10–40×"),
    ("debug-ui", "stub_jit_eval"): Target("≥", 3, "3–4 s → 150 ms: 20–25×"),
    ("debug-ui", "steady_vs_cpp"): Target("≤", 1.2, "eventual peak performance"),
    ("debug-ui", "tier0_vs_python"): Target("≤", 0.9, "an interpreted body: ~1 ms"),
    ("tier0", "fib_vs_python"): Target("≤", 0.6),
    ("tier0", "loop_vs_python"): Target("≤", 0.6),
    ("tier0", "maps_vs_python"): Target("≤", 1.2),
    ("tier0", "strings_vs_python"): Target("≤", 1.5),
    ("warmup", "first_vs_steady_ms"): Target("≤", 250),
    ("warmup", "until_steady_ms"): Target("≤", 250),
    ("warmup", "vs_clojure"): Target("≤", 4),
    ("tierup", "stall"): Target("≤", 1.5),
    ("fib", "vs_cpp"): Target("≤", 2.2, "near-native"),
    ("fib", "vs_clojure"): Target("≤", 0.5),
    ("loops", "numeric_vs_cpp"): Target("≤", 1.3, "near-native"),
    ("loops", "primitives_vs_cpp"): Target("≤", 1.3, "near-native"),
    ("loops", "keywords_vs_python"): Target("≥", 3),
    ("loops", "reduce_vs_python"): Target("≥", 5),
    ("guard", "stub_call_ns"): Target("≤", 3),
    ("guard", "frame"): Target("≤", 1.02),
    ("many-forms", "growth"): Target("≤", 1.2),
    ("memory", "kept_mb"): Target("≤", 60),
    ("threads", "loops_p99"): Target("≤", 1.5),
    ("threads", "calls_p99"): Target("≤", 1.5),
    ("threads", "allocates_p99"): Target("≤", 1.5),
    ("threads", "quick_C++_p99"): Target("≤", 1.5),
    ("threads", "long_C++_p99"): Target("≤", 1.5),
    ("growth", "many_functions"): Target("≤", 1.1),
    ("growth", "many_problems"): Target("≤", 1.1),
    ("growth", "many_events"): Target("≤", 1.1),
    ("growth", "late_error"): Target("≤", 1.1),
}
