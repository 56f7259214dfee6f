"""The verifier of a model: its file, and the process that judges solutions with it.

The file is what ``python -m trainer cbbt verifier`` writes: soft tokens, a head over the model's hidden state, over how
likely it found the solution and over what can be seen without it, and how well it judged solutions that it was not
trained on. It belongs to one model, told by its SHA-256. A judge that is slow or dies gives no probability, and nothing
else.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters import child
from tutor_app.adapters.child import AnswerProcess, ProcessClosed, ProcessDied
from tutor_app.adapters.files import read_file
from tutor_app.adapters.verifying.reading import MOST_SOFT, SCORES, reading_text
from tutor_app.adapters.verifying.traits import TRAITS, traits_of
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Part

log = logging.getLogger(__name__)

FORMAT: Final = "mumath-verifier"
VERSION: Final = 2
MOST_BYTES: Final = 2**28
"""Of a verifier's file."""
SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class VerifierFile:
    """A verifier's file.

    Attributes:
        model_sha256: Of the model that it belongs to.
        auc: How well it put right solutions before wrong ones, on held-out problems; None if that is not noted.
        untuned: The same of the question without tuning.
        graded: Graded solutions that its probabilities were calibrated on; 0 if that is not noted.
        power: How much votes are weighed by it (:func:`tutor_app.core.votes.vote_weight`); 0 leaves them equal.
    """

    model_sha256: str
    auc: float | None
    untuned: float | None
    graded: int = 0
    power: float = 0.0


def read_verifier(path: Path) -> VerifierFile:
    """What a verifier's file says of itself.

    Raises:
        UserFault: If it cannot be read, or is none.
    """
    try:
        value = json.loads(read_file(path, MOST_BYTES))
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None
    except (ValueError, RecursionError):
        value = None
    other = UserFault(f"{path} is a verifier of another version of this program.", "Train it again.")
    ours = isinstance(value, dict) and value.get("kind") == FORMAT
    if ours and isinstance(value.get("version"), int) and value["version"] != VERSION:
        raise other
    if not ours or value.get("version") != VERSION or not _whole(value):
        raise UserFault(f"{path} is no verifier.", "Give a file that `python -m trainer cbbt verifier` wrote.")
    if len(value["extras"]) != len(SCORES) + len(TRAITS) or len(value["prompt"]) > MOST_SOFT:
        raise other
    report = value.get("report")
    report = report if isinstance(report, dict) else {}
    graded = _number(report.get("calibrated_on")) or 0.0
    power = min(1.0, max(0.0, _number(value.get("vote_power")) or 0.0))
    own, untuned = _number(report.get("auc")), _number(report.get("auc_untuned"))
    return VerifierFile(value["model_sha256"], own, untuned, max(0, int(graded)), power)


def _whole(value: dict[str, Any]) -> bool:
    """Whether all numbers are there, finite, and of one width."""
    weights, prompt = value.get("weights"), value.get("prompt")
    if not isinstance(value.get("model_sha256"), str) or not isinstance(prompt, list) or not prompt:
        return False
    rows = [weights, *prompt]
    if not all(isinstance(row, list) and row and len(row) == len(rows[0]) for row in rows):
        return False
    flat = [value.get(name) for name in ("extras", "low", "high")]
    if not all(isinstance(row, list) and isinstance(flat[0], list) and len(row) == len(flat[0]) for row in flat):
        return False
    rows += flat
    numbers = [value.get("gain"), value.get("bias"), *(n for row in rows for n in row)]
    if any(_number(n) is None for n in numbers):
        return False
    return all(low <= high for low, high in zip(value["low"], value["high"], strict=True))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # JSON may hold whole numbers of hundreds of digits
        return None
    return number if math.isfinite(number) else None


class Verifier:
    """Gives the probability that a solution is right. Close it, or use it in a ``with`` statement.

    Starts its process with the first solution.

    Args:
        path: The verifier's file.
        model: The model's file.
        threads: For evaluation.
        seconds: For one solution.
        graded: See :class:`VerifierFile`.
        power: See there.
        processor: The file of what is known of this one (:mod:`tutor_app.adapters.engine.processor`).
    """

    def __init__(
        self,
        path: Path,
        model: Path,
        *,
        threads: int = 2,
        seconds: float = SECONDS,
        graded: int = 0,
        power: float = 0.0,
        processor: Path | None = None,
    ) -> None:
        self.graded, self.power = graded, power
        self._setting = {
            "verifier": str(path), "model": str(model), "threads": threads, "processor": str(processor or ""),
        }  # fmt: skip
        self._seconds = seconds
        self._process = AnswerProcess(worker_command, "verifying")
        self._too_slow = False

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process; safe to call twice."""
        self._process.close()

    def probability(self, problem: str, parts: Sequence[Part]) -> float | None:
        """How likely the solution is right; None where that cannot be said.

        Where one solution took too long the others would too, each loading the model again: they are not judged either.
        """
        if self._too_slow:
            return None
        request = {**self._setting, "text": reading_text(problem, parts), "traits": traits_of(problem, parts)}
        try:
            answer = self._process.ask(request, self._seconds)
        except (TimeoutError, ProcessDied, ProcessClosed, OSError) as e:
            self._too_slow = isinstance(e, TimeoutError)
            log.warning("a solution is not judged: %s", str(e) or type(e).__name__)
            return None
        if fault := answer.get("fault"):
            log.warning("a solution is not judged: %s", fault)
        probability = _number(answer.get("probability"))
        if probability is None or not self.graded:
            return probability
        least = 1 / (self.graded + 2)  # so few solutions cannot show that an answer is surer than that (Laplace)
        return min(1 - least, max(least, probability))


def worker_command() -> list[str]:
    """The command that starts the judging process."""
    return child.worker_command("--verifying-worker", Path(__file__).with_name("worker.py"))
