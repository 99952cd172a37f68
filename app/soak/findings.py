"""What a soak saw, and the report of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CURVE_S = 10.0  # between two points of the memory curve


@dataclass(slots=True)
class Life:
    """One process of the app, as it was asked about itself last. Memory is resident, in MB."""

    pid: int
    frames: int = 0
    errors: int = 0
    longest_frame_ms: float = 0.0
    memory_first: float = 0.0
    memory_last: float = 0.0


@dataclass(slots=True)
class Findings:
    """`failures` are what must not happen; each says when, what was being done, and what was seen."""

    seed: int
    minutes: float
    headless: bool
    actions: Counter[str] = field(default_factory=Counter)
    slips: Counter[str] = field(default_factory=Counter)
    lives: list[Life] = field(default_factory=list)
    expected_restarts: int = 0
    hangs: int = 0
    compared: int = 0
    excused_states: int = 0  # structs of another layout after a restart
    memory_mb: list[tuple[float, float]] = field(default_factory=list)  # seconds, MB
    failures: list[str] = field(default_factory=list)
    frame_times: dict[str, Any] = field(default_factory=dict)  # of the last process
    deaths: list[dict[str, Any]] = field(default_factory=list)  # as the app's report tells them

    @property
    def restarts(self) -> int:
        """How often the app was started again."""
        return max(0, len(self.lives) - 1)

    @property
    def frames(self) -> int:
        """Of all processes, each as far as it was seen."""
        return sum(life.frames for life in self.lives)

    @property
    def longest_frame_ms(self) -> float:
        """A frame in which a script ran until its limit is as long as that."""
        return max((life.longest_frame_ms for life in self.lives), default=0.0)

    def note(self, pid: int, seconds: float, memory: float, told: dict[str, float]) -> None:
        """What the process said of itself `seconds` after the start; a new one begins a life."""
        if not self.lives or self.lives[-1].pid != pid:
            self.lives.append(Life(pid, memory_first=memory))
        life = self.lives[-1]
        life.memory_last = memory or life.memory_last
        life.frames = int(told.get("frames", life.frames))
        life.errors = int(told.get("faults", life.errors))
        life.longest_frame_ms = told.get("longest-frame-ms", life.longest_frame_ms)
        if memory and (not self.memory_mb or seconds - self.memory_mb[-1][0] >= CURVE_S):
            self.memory_mb.append((round(seconds, 1), round(memory, 1)))

    def summary(self) -> str:
        """The report in a few lines, for people."""
        curve = [mb for _, mb in self.memory_mb]
        memory = f"{curve[0]:.0f} MB at first, {curve[-1]:.0f} at last" if curve else "not seen"
        return (
            f"seed {self.seed}: {self.frames} frames, {self.actions['edit']} edits, "
            f"{self.slips.total()} slips, {self.restarts} restarts "
            f"({self.expected_restarts} asked for), {sum(life.errors for life in self.lives)} errors told, "
            f"{self.compared} states compared, longest frame {self.longest_frame_ms:.0f} ms, "
            f"memory {memory}, {self.hangs} hangs, {len(self.failures)} failures"
        )

    def as_json(self) -> dict[str, Any]:
        """The report."""
        return {
            "seed": self.seed,
            "minutes": self.minutes,
            "headless": self.headless,
            "frames": self.frames,
            "edits": self.actions["edit"],
            "slips_survived": self.slips.total() - self.restarts - self.hangs,
            "restarts": self.restarts,
            "expected_restarts": self.expected_restarts,
            "hangs": self.hangs,
            "errors": sum(life.errors for life in self.lives),
            "longest_frame_ms": round(self.longest_frame_ms, 1),
            "states_compared": self.compared,
            "excused_states": self.excused_states,
            "failures": self.failures,
            "deaths": self.deaths,
            "lives": [
                {
                    "frames": life.frames,
                    "errors": life.errors,
                    "longest_frame_ms": round(life.longest_frame_ms, 1),
                    "memory_mb": [round(life.memory_first, 1), round(life.memory_last, 1)],
                }
                for life in self.lives
            ],
            "frame_times": self.frame_times,
            "actions": dict(sorted(self.actions.items())),
            "slips": dict(sorted(self.slips.items())),
            "memory_mb": self.memory_mb,
        }
