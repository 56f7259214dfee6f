"""A language model that replays scripted replies: for tests, demonstrations and the smoke test of a package.

It is a real :class:`~tutor_app.core.ports.LanguageModel` in everything but thought: it streams, stops, counts,
fails and is cancelled like one. It looks at the prompt only to pick the next reply, by how many stretches of the
model's own words are in it, so one object serves any number of solutions at once.
"""

from __future__ import annotations

import os.path
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.waiting import comes_true
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault
from tutor_app.core.ports import (
    Cancel,
    Generation,
    ModelInfo,
    Piece,
    PromptProgress,
    Sampling,
    Stopped,
    StopReason,
)

_POLL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Failure:
    """A fault to raise once.

    Attributes:
        reply: In which reply, from 0.
        after: Tokens of it that still come.
        fault: What is raised.
    """

    reply: int = 0
    after: int = 0
    fault: EngineFault = field(default_factory=lambda: EngineFault("The script says that the model fails here."))


class ScriptedModel:
    """Says the first reply to a problem or question, the second once that is in the prompt, and so on; then nothing.

    A token is ``token_size`` characters, in replies and prompts alike. The temperature and the seed change
    nothing.
    """

    def __init__(
        self,
        replies: Sequence[str],
        *,
        token_size: int = 4,
        seconds_per_token: float = 0.0,
        n_ctx: int = 8192,
        n_seq: int = 1,
        failure: Failure | None = None,
        name: str = "scripted",
    ) -> None:
        self._replies, self._size, self._seconds = tuple(replies), token_size, seconds_per_token
        self._failure, self._n_ctx = failure, n_ctx
        self._name, self._n_seq = name, n_seq
        self._turns = threading.BoundedSemaphore(n_seq)
        self._known: deque[str] = deque(maxlen=16)  # texts that a real model would have in its cache

    @property
    def info(self) -> ModelInfo:
        """Says plainly that no model is at work."""
        return ModelInfo(self._name, n_ctx=self._n_ctx, n_seq=self._n_seq, device="no model: a script", engine="script")

    def generate(
        self,
        prompt: Sequence[Span],
        *,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        prefix: int = 0,
        cancel: Cancel,
    ) -> Iterator[Generation]:
        """See :meth:`tutor_app.core.ports.LanguageModel.generate`."""
        while not self._turns.acquire(timeout=_POLL_SECONDS):
            if cancel.is_set():
                yield Stopped("cancelled")
                return
        try:
            yield from self._speak(prompt, max_tokens, stop, cancel)
        finally:
            self._turns.release()

    def _speak(
        self, prompt: Sequence[Span], max_tokens: int, stop: Sequence[str], cancel: Cancel
    ) -> Iterator[Generation]:
        frames = [n for n, s in enumerate(prompt) if s.special]  # what was said before the last one is over
        number = sum(s.supervised for s in prompt[frames[-1] if frames else 0 :])
        text = "".join(s.text for s in prompt)
        # By characters, which is what is meant here.
        kept = max((len(os.path.commonprefix([text, known])) for known in tuple(self._known)), default=0)  # noqa: RUF071
        total = self._tokens(len(text))
        evaluated = max(min(total, 1), total - self._tokens(kept))
        reply = self._replies[number] if number < len(self._replies) else ""
        shown, met = _cut(reply, stop)
        # As in a real model, the token in which a stop string ends is the last; else the end of turn is one.
        length = self._tokens(len(shown) + len(met)) if met else self._tokens(len(reply)) + 1
        limits: list[tuple[int, StopReason]] = [
            (length, "stop" if met else "eos"),
            (max_tokens, "length"),
            (self._n_ctx - total, "context"),
        ]
        n, reason = min(limits, key=lambda limit: limit[0])
        if total >= self._n_ctx:
            yield Stopped("context", prompt_tokens=total)
            return
        if cancel.is_set():
            yield Stopped("cancelled", prompt_tokens=total)
            return
        yield PromptProgress(total - evaluated, total, 0)
        yield PromptProgress(total, total, evaluated)
        started = time.monotonic()
        said, done = "", 0
        for done in range(1, n + 1):
            self._fail(number, done - 1)
            self._wait(cancel)
            if cancel.is_set():
                reason, done = "cancelled", done - 1
                break
            piece = shown[(done - 1) * self._size : done * self._size]
            said += piece
            if piece:
                yield Piece(piece)
        self._fail(number, done)
        self._known.append(text + said)
        yield Stopped(
            reason,
            stop=met if reason == "stop" else "",
            prompt_tokens=total,
            evaluated_tokens=evaluated,
            generated_tokens=done,
            decode_seconds=time.monotonic() - started,
        )

    def _tokens(self, characters: int) -> int:
        return -(-characters // self._size)

    def _wait(self, cancel: Cancel) -> None:
        comes_true(cancel.is_set, self._seconds)

    def _fail(self, reply: int, done: int) -> None:
        failure = self._failure
        if failure is not None and failure.reply == reply and done >= failure.after:
            self._failure = None
            raise failure.fault


def _cut(text: str, stop: Sequence[str]) -> tuple[str, str]:
    """``text`` up to the first stop string, and that string; all of it and nothing if there is none."""
    hits = [(at, s) for s in stop if s and (at := text.find(s)) >= 0]
    if not hits:
        return text, ""
    at, met = min(hits)
    return text[:at], met
