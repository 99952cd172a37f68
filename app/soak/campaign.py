"""One soak: what the monkey does in which order, what it looks at meanwhile, and what it reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from app import environment
from app.soak.nrepl_client import NoAnswer
from app.soak.process import PATIENCE_S, App
from app.soak.project import Project
from app.soak.slips import KILLS, SLIPS, Place, Slip

COMPARE_EVERY = 12  # actions
KILL_EVERY = 60  # actions between two slips that really damage the process
STATE = """
(pr-str (into (sorted-map)
  (for [ns '[main parts], [sym v] (ns-publics ns)
        :let [x (deref v)]
        :when (and (not= \\* (first (name sym))) (not (fn? x)) (not (= 'area sym)))]
    [(str ns "/" sym) x])))
"""
STRATEGIES = ("tiered", "interpret", "stub-jit", "inline-jit")


@dataclass(slots=True)
class Findings:
    """What a soak saw. `failures` are what must not happen; each says what was being done."""

    seed: int
    minutes: float
    actions: Counter[str] = field(default_factory=Counter)
    slips: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    expected_restarts: int = 0
    compared: int = 0
    memory_mb: list[tuple[float, float]] = field(default_factory=list)  # seconds, MB
    failures: list[str] = field(default_factory=list)
    frames: dict[str, Any] = field(default_factory=dict)
    errors: int = 0

    def as_json(self) -> dict[str, Any]:
        """The report."""
        return {
            "seed": self.seed,
            "minutes": self.minutes,
            "actions": dict(sorted(self.actions.items())),
            "slips": dict(sorted(self.slips.items())),
            "slips_survived": self.slips.total() - self.restarts,
            "restarts": self.restarts,
            "expected_restarts": self.expected_restarts,
            "states_compared": self.compared,
            "memory_mb": self.memory_mb,
            "frames": self.frames,
            "errors_reported": self.errors,
            "failures": self.failures,
        }


class Monkey:
    """A seeded user of one app. `step` is one action with what follows from it."""

    def __init__(
        self, app: App, project: Project, hand: Any, chance: Random, findings: Findings
    ) -> None:
        self.app, self.project, self.hand = app, project, hand
        self.chance, self.findings = chance, findings
        self.kept = 0
        self.last = "the start"
        self._count = 0
        self._began = time.monotonic()

    def step(self) -> None:
        """One action. Raises NoAnswer when the app does not come back from it."""
        self._count += 1
        if self._count % COMPARE_EVERY == 0:
            self.compare()
        elif self._count % KILL_EVERY == KILL_EVERY - 1:
            self.slip(self.chance.choice(KILLS))
        else:
            actions = (
                self.edit,
                self.edit,
                self.header,
                self.any_slip,
                self.any_slip,
                self.any_slip,
            )
            self.chance.choice((*actions, self.input, self.input, self.strategy, self.keep))()
        self._look()

    def edit(self) -> None:
        self._note("edit", self.project.edit())
        self._pause(0.3)

    def header(self) -> None:
        self._note("edit", self.project.edit_header())
        self._pause(0.3)

    def any_slip(self) -> None:
        self.slip(self.chance.choice(SLIPS))

    def slip(self, slip: Slip) -> None:
        """Make a slip, let it stand for a moment, mend it."""
        self._note("slip", slip.name)
        self.findings.slips[slip.name] += 1
        self.findings.expected_restarts += slip.kills
        if slip.place is Place.EVAL:
            if slip.kills:
                self._eval_that_kills(slip)
            else:
                self.app.eval(f"(in-ns 'main) {slip.text}")
        else:
            self.project.slip(slip)
            self._pause(0.8)
            self.answer()
        self.project.mend()

    def input(self) -> None:
        if self.hand is not None:
            for _ in range(5):
                self._note("input", self.hand.act(self.chance))
                self._pause(0.05)

    def strategy(self) -> None:
        name = self.chance.choice(STRATEGIES)
        self._note("strategy", name)
        _, error = self.app.eval(f'(tierscope.runtime/set-strategy! "{name}")')
        if error:
            self.fail(f"the strategy {name} was refused: {error}")

    def keep(self) -> None:
        self._note("state", "kept")
        self.kept = self.chance.randrange(1_000_000)
        self.app.eval(f"(reset! main/*kept {self.kept})")
        self._pause(0.5)  # a journal may take a moment

    def answer(self) -> None:
        """Ask for a sum: whatever a slip does, the app answers in time. Raises NoAnswer."""
        value, error = self.app.eval("(+ 40 2)")
        if value != "42":
            self.fail(f"(+ 40 2) gave {value} {error}")

    def compare(self) -> None:
        """Mend everything, wait until that is in force, and hold it against a fresh load."""
        self._note("compare", "state")
        self.project.mend()
        self._until_in_force()
        live, error = self.app.eval(STATE)
        fresh = fresh_state(self.project.script)
        self.findings.compared += 1
        if error or live != fresh:
            self.fail(f"state differs: live {live} {error}, fresh {fresh}")
        kept, _ = self.app.eval("@main/*kept")
        if kept != str(self.kept):
            self.fail(f"the atom was lost: {kept}, not {self.kept}")
            self.kept = int(kept) if kept and kept.isdecimal() else 0

    def fail(self, what: str) -> None:
        """Note what must not happen."""
        seconds = time.monotonic() - self._began
        self.findings.failures.append(f"{seconds:.0f} s, after {self.last}: {what}")

    def _until_in_force(self) -> None:
        wanted = f"[{self.project.stamp} {self.project.stamp}]"
        end = time.monotonic() + PATIENCE_S
        found: str | None = ""
        while found != wanted:
            if time.monotonic() > end:
                self.fail(f"the files say {wanted}, the app {found}")
                return
            found, _ = self.app.eval("(pr-str [main/stamp parts/stamp])")
            found = found.strip('"') if found else found
            time.sleep(0.05)

    def _eval_that_kills(self, slip: Slip) -> None:
        try:
            self.app.eval(f"(in-ns 'main) {slip.text}", 1.0)
        except NoAnswer:
            pass  # as it should: the process is gone
        self.answer()

    def _look(self) -> None:
        if self.app.note_restart():
            self.findings.restarts += 1
            if self.findings.restarts > self.findings.expected_restarts:
                self.fail("a restart that nothing asked for")
                self.findings.expected_restarts = self.findings.restarts
        seconds = round(time.monotonic() - self._began, 1)
        self.findings.memory_mb.append((seconds, round(self.app.rss_mb(), 1)))

    def _note(self, action: str, detail: str) -> None:
        self.findings.actions[action] += 1
        self.last = f"{action} ({detail})"

    def _pause(self, most: float) -> None:
        time.sleep(self.chance.uniform(0.02, most))


def fresh_state(script: Path) -> str | None:
    """The same state in a process that never saw an edit."""
    code = (
        "import sys; from pathlib import Path; from runtime.runtime import Runtime;"
        "from runtime.core.printing import pr_str; from runtime.cling.headers import fetch_headers;"
        "from imgui_bundle import imgui;"
        f"rt = Runtime(include_dirs=[{str(script.parent)!r}]); rt.start_imgui(fetch_headers());"
        f"rt.load({str(script)!r}); print(pr_str(rt.eval(sys.stdin.read())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=STATE, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr[-500:]


def run(
    minutes: float, seed: int, headless: bool, report: Path | None, say: Callable[[str], object]
) -> Findings:
    """Soak the app for so many minutes. `failures` is empty when all went well."""
    findings = Findings(seed, minutes)
    chance = Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tierscope-soak-")))
        hand = None if headless else _hand(stack)
        project = Project(folder, chance)
        app = App(project.script, folder / "report.json", headless, ())
        stack.callback(app.kill)
        monkey = Monkey(app, project, hand, chance, findings)
        try:
            app.wait_until_ready()
            end = time.monotonic() + minutes * 60
            told = time.monotonic()
            while time.monotonic() < end:
                monkey.step()
                if time.monotonic() - told > 30:
                    told = time.monotonic()
                    say(_progress(findings, end - told))
            monkey.compare()
            code = app.end()
            if code not in (0, 1):
                monkey.fail(f"the exit code {code}")
            _take_report(findings, folder / "report.json")
        except NoAnswer as error:
            monkey.fail(f"no answer: {error}; it said: {app.words()[-2000:]}")
    if report is not None:
        report.write_text(json.dumps(findings.as_json(), indent=1) + "\n", encoding="utf-8")
    return findings


def _hand(stack: ExitStack) -> Any:
    """Devices on a virtual display of the soak's own: the user's pointer is left alone."""
    from app.soak.x11 import Hand  # needs no X library of the system

    display = environment.VirtualDisplay()
    display.start()
    stack.callback(display.stop)
    os.environ["DISPLAY"] = display.name
    hand = Hand(display.name)
    stack.callback(hand.close)
    return hand


def _progress(findings: Findings, left: float) -> str:
    return (
        f"{left / 60:.1f} min left: {findings.actions.total()} actions, {findings.slips.total()} slips, "
        f"{findings.restarts} restarts, {findings.compared} states compared, "
        f"{len(findings.failures)} failures"
    )


def _take_report(findings: Findings, path: Path) -> None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        findings.failures.append(f"no report was written at the end: {error}")
        return
    findings.frames = content["frames"]
    findings.errors = len(content["errors"])
