"""One soak: what the monkey does in which order, what it looks at meanwhile, and what it reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random
from typing import Any

from app import environment
from app.soak.findings import Findings
from app.soak.nrepl_client import NoAnswer
from app.soak.process import LIMIT_S, PATIENCE_S, App
from app.soak.project import Project
from app.soak.slips import KILLS, SLIPS, Place, Slip

COMPARE_EVERY = 12  # actions
TELL_S = 30.0  # between two lines about how it goes
KILL_S = 45.0  # between two slips that really damage the process: it is started again three times a minute
LOAD_S = 60.0  # until what was saved is in force, on a machine that has much else to do
STATE = """
(pr-str (into (sorted-map)
  (for [ns '[main parts], [sym v] (ns-publics ns)
        :let [x (deref v)]
        :when (and (not= \\* (first (name sym))) (not (fn? x)) (not (= 'area sym)))]
    [(str ns "/" sym) (if (map? x) (into (sorted-map) x) x)])))
"""
KEPT = "[@main/*kept (cpp/.-hits (cpp/unbox main/*body))]"
STRATEGIES = ("tiered", "interpret", "stub-jit", "inline-jit")


class Monkey:
    """A seeded user of one app. `step` is one action with what follows from it."""

    def __init__(
        self, app: App, project: Project, hand: Any, chance: Random, findings: Findings
    ) -> None:
        self.app, self.project, self.hand = app, project, hand
        self.chance, self.findings = chance, findings
        self.kept = 0
        self.last = "the start"
        self._kept_by: int | None = app.pid  # the process that was told what to keep
        self._count = 0
        self._began = self._killed = time.monotonic()

    def step(self) -> None:
        """One action. A hang is noted with the stack of every thread, and the process is ended for it.

        Raises NoAnswer when the app does not come back from that either.
        """
        self._count += 1
        try:
            self._act()
            self.look()
        except NoAnswer as error:
            self._hang(error)

    def _act(self) -> None:
        if self._count % COMPARE_EVERY == 0:
            self.compare()
        elif time.monotonic() - self._killed > KILL_S:
            self._killed = time.monotonic()
            self.slip(self.chance.choice(KILLS))
        else:
            slips = (self.any_slip,) * 3
            others = (self.edit, self.edit, self.header, self.strategy, self.keep, self.interrupt)
            inputs = (self.input, self.input) if self.hand is not None else ()
            self.chance.choice((*slips, *others, *inputs))()

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
        if self.hand is not None:  # it may have moved the limit, as users can
            self.app.eval(f"(tierscope.runtime/set-limit! {LIMIT_S})")
        match slip.place:
            case Place.EVAL if slip.kills:
                self._eval_that_kills(slip)
            case Place.EVAL:
                self.app.eval(f"(in-ns 'main) {slip.text}")
            case Place.WIRE:
                self.app.send(slip.text.encode())
                self._pause(0.3)
            case _:
                self.project.slip(slip)
                self._pause(0.8)
        self.answer()
        if slip.after:
            self._eval_when_loaded(slip.after)
        self.project.mend()

    def input(self) -> None:
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
        """Change what outlives edits, and restarts too: an atom, and a struct of C++ in a box."""
        self._note("state", "kept")
        kept = self.chance.randrange(1_000_000)
        hits = "(cpp/.-hits (cpp/unbox main/*body))"
        code = f"(reset! main/*kept {kept}) (cpp/= {hits} {kept}) :kept"
        done, error = self.app.eval(code)
        end = time.monotonic() + LOAD_S
        while done != ":kept" and time.monotonic() < end:  # a reload is about to move the struct
            time.sleep(0.1)
            done, error = self.app.eval(code)
        if done != ":kept":
            self.fail(f"nothing could be kept: {error}; {self.app.problems()}")
            return
        self.kept, self._kept_by = kept, self.app.pid
        self._pause(2.0)  # the journal's thread rests for so long at most

    def interrupt(self) -> None:
        """Evaluate what does not end, and interrupt it as editors do."""
        self._note("interrupt", "over nREPL")
        self.app.interrupted("(while true)", self.chance.uniform(0.0, 0.3))
        self.answer()

    def answer(self) -> None:
        """Ask for a sum: whatever a slip does, the app answers in time. Raises NoAnswer."""
        value, error = self.app.eval("(+ 40 2)")
        if value != "42":
            self.fail(f"(+ 40 2) gave {value} {error}")

    def compare(self) -> None:
        """Mend everything, wait until that is in force, and hold it against a fresh load."""
        before, self.last = self.last, f"compare (after {self.last})"
        self.findings.actions["compare"] += 1
        self.project.mend()
        self._until_in_force()
        fresh = fresh_state(self.project.script)
        self.findings.compared += 1
        end = time.monotonic() + LOAD_S
        live, error = self.app.eval(STATE)
        while (error or live != fresh) and time.monotonic() < end:  # a header may take its time
            time.sleep(0.1)
            live, error = self.app.eval(STATE)
        if error or live != fresh:
            self.fail(f"state differs: live {live} {error}, fresh {fresh}; {self.app.problems()}")
        self._compare_kept()
        self.last = before

    def _compare_kept(self) -> None:
        kept, error = self.app.eval(KEPT)
        if kept == f"[{self.kept} {self.kept}]":
            return
        restarted = self.app.pid != self._kept_by
        if restarted and str(kept).startswith(f"[{self.kept} "):
            self.findings.excused_states += (
                1  # a struct whose layout is another one now is not restored
            )
        else:
            self.fail(
                f"state was lost: {kept} {error}, not {self.kept} twice; restarted: {restarted}"
            )
        self.app.eval("(reset! main/*kept 0) (cpp/= (cpp/.-hits (cpp/unbox main/*body)) 0)")
        self.kept = 0

    def fail(self, what: str) -> None:
        """Note what must not happen."""
        seconds = time.monotonic() - self._began
        self.findings.failures.append(f"{seconds:.0f} s, after {self.last}: {what}")

    def look(self) -> None:
        """Ask the process for its figures; another process than before must have been asked for."""
        told = self.app.figures()
        pid = self.app.pid
        if pid is None:
            return
        self.findings.note(pid, time.monotonic() - self._began, self.app.rss_mb(), told)
        if self.findings.restarts > self.findings.expected_restarts:
            self.fail(f"a restart that nothing asked for: {self.app.words()[-1500:]}")
            self.findings.expected_restarts = self.findings.restarts

    def _hang(self, error: NoAnswer) -> None:
        self.findings.hangs += 1
        self.fail(
            f"no answer: {error}; threads: {self.app.stack()}; said: {self.app.words()[-1500:]}"
        )
        self.findings.expected_restarts += 1
        self._killed = time.monotonic()
        self.app.kill_worker()
        self.project.mend()
        self.app.wait_until_ready()

    def _until_in_force(self) -> None:
        wanted = f"[{self.project.stamp} {self.project.stamp}]"
        end = time.monotonic() + LOAD_S
        found: str | None = ""
        while found != wanted:
            if time.monotonic() > end:
                self.fail(f"the files say {wanted}, the app {found}; {self.app.problems()}")
                return
            found, _ = self.app.eval("(pr-str [main/stamp parts/stamp])")
            found = found.strip('"') if found else found
            time.sleep(0.05)

    def _eval_when_loaded(self, text: str) -> None:
        end = time.monotonic() + LOAD_S
        while time.monotonic() < end:
            _, error = self.app.eval(f"(in-ns 'main) {text}")
            if not error:
                return
            time.sleep(0.1)
        self.fail(f"{text} failed: {error}")

    def _eval_that_kills(self, slip: Slip) -> None:
        before = self.app.pid
        with suppress(NoAnswer):  # as it should: the process is gone
            self.app.eval(f"(in-ns 'main) {slip.text}", 1.0)
        end = time.monotonic() + PATIENCE_S
        while self.app.pid in (None, before) and time.monotonic() < end:
            time.sleep(0.05)
        self.app.wait_until_ready()

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
    findings = Findings(seed, minutes, headless)
    chance = Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tierscope-soak-")))
        hand = None if headless else _hand(stack)
        project = Project(folder / "project", chance)
        app = App(project.script, folder / "report.json", headless, ())
        stack.callback(app.kill)
        monkey = Monkey(app, project, hand, chance, findings)
        try:
            app.wait_until_ready()
            monkey.look()
            end = time.monotonic() + minutes * 60
            told = time.monotonic()
            while time.monotonic() < end:
                monkey.step()
                if time.monotonic() - told > TELL_S:
                    told = time.monotonic()
                    say(f"{(end - told) / 60:.1f} min left; {findings.summary()}")
                    _write(findings, report)
            monkey.compare()
            monkey.look()
            code = app.end()
            if code not in (0, 1):
                monkey.fail(f"the exit code {code}")
            _take_report(findings, folder / "report.json")
        except NoAnswer as error:
            monkey.fail(f"it is gone: {error}; it said: {app.words()[-2000:]}")
    _write(findings, report)
    return findings


def _write(findings: Findings, report: Path | None) -> None:
    if report is not None:
        report.write_text(json.dumps(findings.as_json(), indent=1) + "\n", encoding="utf-8")


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


def _take_report(findings: Findings, path: Path) -> None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        findings.failures.append(f"no report was written at the end: {error}")
        return
    findings.frame_times = content["frames"]
    findings.deaths = content["restarts"]
