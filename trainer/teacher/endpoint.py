"""A model behind an OpenAI-compatible ``/v1/completions`` endpoint (vLLM, llama-server and others) for the solve loop.

The prompt goes out as one raw text in the project's own dialect, not as chat messages: the server's chat template has
no say, and the text has the form that the local loop sees. Many generations may be under way at once, one connection
each. Overload (429), server errors, timeouts and connections that break are tried again with growing pauses; after a
break in the middle of a text, the server is asked to go on from what has arrived.

A server reads control tokens wherever they stand in a raw text, also in a problem that spells one out; the local
engine reads such a problem as plain characters.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from trainer.teacher.budget import RequestFailed
from tutor_app.adapters.engine.sampling import StopWatcher
from tutor_app.core.dialect import Span
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, Sampling, Stopped, StopReason

LONGEST_PAUSE: Final = 30.0
"""Between two tries, in seconds; also the most that a server's ``Retry-After`` is followed."""
POLL_SECONDS: Final = 0.1
"""How often a pause looks whether it was cancelled."""
_TOO_LONG: Final = ("context length", "context size", "maximum context", "max_model_len", "too large", "too long")
"""What servers write of a request that has no room in the context."""


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How to talk to a server.

    Attributes:
        url: Of the server, of its ``/v1``, or of ``/v1/completions``.
        model: Name of the model there; empty takes the only one.
        api_key: Sent as a bearer token if it is not empty.
        parallel: Generations at once.
        stream: Ask for the text as it is generated, so that a server can stop when a block of code is complete.
        timeout: Seconds without a byte after which a try has failed.
        tries: How often a request is sent before it has failed.
        first_pause: Seconds before the second try; each further pause is twice as long, with a random share.
    """

    url: str
    model: str = ""
    api_key: str = ""
    parallel: int = 4
    stream: bool = True
    timeout: float = 120.0
    tries: int = 8
    first_pause: float = 0.5


class _TryAgain(Exception):
    """A failure that another try may mend.

    Attributes:
        wait: Seconds that the server asks to wait.
        busy: It says that it is overloaded, which has nothing to do with the request.
        spent: It says in an answer, not by a status, that the account is empty.
    """

    def __init__(self, why: str, wait: float = 0.0, *, busy: bool = False, spent: bool = False) -> None:
        super().__init__(why)
        self.wait, self.busy, self.spent = wait, busy, spent


class _Refused(UserFault):
    """A status that no other try will mend."""

    def __init__(self, status: int, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.status = status


class _NoRoom(Exception):
    """The prompt and ``max_tokens`` do not fit into the model's context."""


class Endpoint:
    """A :class:`~tutor_app.core.ports.LanguageModel` on a server; close it when it is no longer needed."""

    def __init__(self, options: EndpointOptions, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """Nothing is sent yet.

        Raises:
            UserFault: If the address is none.
        """
        self._options, self._sleep = options, sleep
        self._root = _root(options.url)
        self._model = options.model
        headers = {"User-Agent": "mumath-tutor", "Content-Type": "application/json"}
        if options.api_key:
            headers["Authorization"] = f"Bearer {options.api_key}"
        self._pool = urllib3.PoolManager(
            maxsize=options.parallel,
            headers=headers,
            retries=False,
            timeout=urllib3.Timeout(connect=min(10.0, options.timeout), read=options.timeout),
        )
        self._info = ModelInfo(self._model, n_seq=options.parallel, device=urlsplit(self._root).netloc)

    @property
    def info(self) -> ModelInfo:
        """What the server says of itself; complete after :meth:`load`."""
        return self._info

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """Ask which models there are.

        Raises:
            UserFault: If the one that was named is not there, or none was named and there are several.
            EngineFault: If the server does not answer.
        """
        offered = self._offered(cancel)
        names = [str(m.get("id", "")) for m in offered]
        if not self._model:
            if len(names) != 1:
                listed = ", ".join(names) or "none"
                raise UserFault(f"{self._root} offers these models: {listed}.", "Name one with --endpoint-model.")
            self._model = names[0]
        elif names and self._model not in names:
            raise UserFault(
                f"{self._root} has no model {self._model}.",
                f"Name one of these with --endpoint-model: {', '.join(names)}.",
            )
        entry: dict[str, Any] = next((m for m in offered if m.get("id") == self._model), {})
        n_ctx = entry.get("max_model_len") or (entry.get("meta") or {}).get("n_ctx") or 0
        self._info = ModelInfo(
            self._model,
            n_ctx=int(n_ctx),
            n_seq=self._options.parallel,
            device=urlsplit(self._root).netloc,
            engine=str(entry.get("owned_by") or "OpenAI-compatible endpoint"),
        )
        return self._info

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        self._pool.clear()

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
        """See :meth:`tutor_app.core.ports.LanguageModel.generate`.

        The numbers of tokens are those the server counts, or one for each piece of the stream if it counts none.

        Raises:
            RequestFailed: If the server has failed at the request as often as it is tried.
            EngineFault: If it was overloaded each time.
        """
        asked = _Asked("".join(s.text for s in prompt), sampling, max_tokens, tuple(stop))
        tries = 0
        while True:
            if cancel.is_set():
                yield asked.stopped("cancelled")
                return
            if asked.rest <= 0:
                yield asked.stopped("length")
                return
            before = len(asked.received)
            try:
                yield from self._complete(asked, cancel)
                return
            except _NoRoom:
                # How many tokens the prompt has is known to the server only.
                asked.room = min(asked.rest, asked.room) // 2
                if not asked.room:
                    yield asked.stopped("context")
                    return
            except _TryAgain as e:
                if e.spent:
                    raise self._no_quota(200, str(e)) from None
                tries = 1 if len(asked.received) > before else tries + 1
                if tries >= self._options.tries:
                    raise (EngineFault if e.busy else RequestFailed)(*self._given_up(e, tries)) from None
                self._pause(tries, e.wait, cancel)

    def _complete(self, asked: _Asked, cancel: Cancel) -> Iterator[Generation]:
        """One request; yields pieces, and at last how it ended."""
        asked.usage = {}
        response = self._send("POST", "/completions", asked.body(self._model, stream=self._options.stream))
        watcher = StopWatcher(list(asked.stop))
        ended = ""
        whole = False
        try:
            for event in _events(response, self._options.timeout):
                asked.read_usage(event)
                text, finish_reason = _choice(event)
                text = watcher.feed(text)
                ended = finish_reason or ended or ("stop" if event is _DONE else "")
                if text:
                    yield asked.piece(text)
                if watcher.found:
                    break
                if cancel.is_set():
                    yield asked.stopped("cancelled")
                    return
            rest = "" if watcher.found else watcher.flush()
            if not (ended or watcher.found):
                # What may be the beginning of a stop string is generated anew.
                raise _TryAgain("the answer broke off")
            whole = not watcher.found
            if rest:
                yield asked.piece(rest)
            yield asked.stopped(_reason(asked, ended, watcher.found), watcher.found)
        except (HTTPError, OSError) as e:
            raise _TryAgain(_why(e)) from None
        finally:
            # A connection with an unread rest cannot be used again, and closing it tells the server to stop.
            response.release_conn() if whole else response.close()

    def _offered(self, cancel: Cancel | None) -> list[dict[str, Any]]:
        """The models that the server lists; a server that is not there has few chances."""
        tries = 0
        while True:
            try:
                return self._models()
            except _Refused as e:
                if e.status == 404 and self._model:  # a server need not list its models
                    return []
                raise
            except _TryAgain as e:
                tries += 1
                if tries >= min(3, self._options.tries) or (cancel is not None and cancel.is_set()):
                    raise EngineFault(*self._given_up(e, tries)) from None
                self._pause(tries, e.wait, cancel)

    def _models(self) -> list[dict[str, Any]]:
        response = self._send("GET", "/models")
        try:
            listed = json.loads(response.read()).get("data")
        except (HTTPError, OSError) as e:
            raise _TryAgain(_why(e)) from None
        except (ValueError, AttributeError):
            raise UserFault(f"{self._root}/models is no OpenAI-compatible endpoint.", "Check --endpoint.") from None
        finally:
            response.release_conn()
        return [m for m in listed if isinstance(m, dict)] if isinstance(listed, list) else []

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> urllib3.BaseHTTPResponse:
        try:
            response = self._pool.request(
                method,
                self._root + path,
                body=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
                preload_content=False,
                redirect=False,
            )
        except LocationValueError as e:
            raise UserFault(f"{self._root} is no address of a server: {e}.", "Check --endpoint.") from None
        except (HTTPError, OSError) as e:
            raise _TryAgain(_why(e)) from None
        if response.status == 200:
            return response
        try:
            said = response.read(4000, decode_content=True).decode("utf-8", "replace")
        except (HTTPError, OSError):
            said = ""
        response.close()
        raise self._refusal(response, path, _message(said))

    def _refusal(self, response: urllib3.BaseHTTPResponse, path: str, said: str) -> Exception:
        """What a status other than 200 means."""
        status = f"status {response.status}" + (f", {said}" if said else "")
        if response.status == 402 or (response.status in (400, 403, 429) and _spent(said, response.headers)):
            return self._no_quota(response.status, status)
        if response.status in (408, 425, 429) or response.status >= 500:
            wait = response.headers.get("Retry-After", "")
            busy = response.status in (425, 429, 503)
            return _TryAgain(status, float(wait) if wait.isdigit() else 0.0, busy=busy)
        if response.status in (400, 413, 422) and any(words in said.lower() for words in _TOO_LONG):
            return _NoRoom()
        if response.status in (401, 403):
            said = f"{self._root} refuses the key: {status}."
            return _Refused(response.status, said, "Set OPENAI_API_KEY to one that it accepts.")
        said = f"{self._root}{path} refuses the request: {status}."
        return _Refused(response.status, said, "Check --endpoint and --endpoint-model.")

    def _no_quota(self, status: int, said: str) -> _Refused:
        told = f"The account at {self._root} has no quota left: {said}."
        return _Refused(status, told, "See to the account; the same command then goes on.")

    def _pause(self, tries: int, wait: float, cancel: Cancel | None) -> None:
        pause = self._options.first_pause * 2 ** (tries - 1) * random.uniform(0.75, 1.25)
        left = min(LONGEST_PAUSE, max(wait, pause))
        while left > 0 and not (cancel is not None and cancel.is_set()):
            self._sleep(min(left, POLL_SECONDS))
            left -= POLL_SECONDS

    def _given_up(self, e: _TryAgain, tries: int) -> tuple[str, str]:
        return (
            f"{self._root} failed {tries} times in a row, the last time with this: {e}.",
            "See to the server; the same command then goes on.",
        )


class _Asked:
    """A generation and what has arrived of it, over all tries."""

    def __init__(self, prompt: str, sampling: Sampling, max_tokens: int, stop: tuple[str, ...]) -> None:
        self.prompt, self.sampling, self.stop = prompt, sampling, stop
        self.max_tokens = self.room = max_tokens
        self.cut_short = False  # the last request had room for less than was asked for
        self.received = ""
        self.pieces = 0
        self.usage: dict[str, Any] = {}
        self._first = 0.0

    @property
    def rest(self) -> int:
        """Tokens that may still come."""
        return self.max_tokens - self.pieces

    def body(self, model: str, *, stream: bool) -> dict[str, Any]:
        """The request that goes on from what has arrived."""
        self.cut_short = self.room < self.rest
        body: dict[str, Any] = {
            "model": model,
            "prompt": self.prompt + self.received,
            "max_tokens": min(self.rest, self.room),
            "temperature": self.sampling.temperature,
            "top_p": self.sampling.top_p,
            "seed": self.sampling.seed,
            "stream": stream,
        }
        if self.stop:
            body["stop"] = list(self.stop)
        return body | ({"stream_options": {"include_usage": True}} if stream else {})

    def read_usage(self, event: dict[str, Any]) -> None:
        """Note what the server has counted, if it says so."""
        usage = event.get("usage")
        if isinstance(usage, dict):
            self.usage = usage

    def piece(self, text: str) -> Piece:
        """More text."""
        self._first = self._first or time.monotonic()
        self.received += text
        tokens = max(1, self._counted("completion_tokens") - self.pieces) if not self.pieces else 1
        self.pieces += tokens
        return Piece(text, tokens)

    def stopped(self, reason: StopReason, stop: str = "") -> Stopped:
        """The last item."""
        prompt = self._counted("prompt_tokens")
        details = self.usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else 0
        return Stopped(
            reason,
            stop,
            prompt_tokens=prompt,
            evaluated_tokens=prompt - (cached if isinstance(cached, int) else 0),
            generated_tokens=max(self.pieces, self._counted("completion_tokens")),
            decode_seconds=time.monotonic() - self._first if self._first else 0.0,
        )

    def _counted(self, name: str) -> int:
        value = self.usage.get(name)
        return value if isinstance(value, int) else 0


def _reason(asked: _Asked, ended: str, found: str) -> StopReason:
    if found:
        return "stop"
    if ended.lower() in _COMPLETE:
        return "eos"
    return "context" if asked.cut_short and ended == "length" else "length"  # also what a filter of the server cut off


_COMPLETE: Final = frozenset(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "stop_token", "completed"))
"""Reasons to finish of a text that is whole."""


_NO_QUOTA: Final = re.compile(
    r"quota|hard limit|insufficient[ _](?:quota|balance|funds|credits?)|balance is too low|(?:out of|no) credits?\b",
    re.I,
)
_LATER: Final = re.compile(r"\b(?:re)?try (?:again )?(?:in|after) \d", re.IGNORECASE)


def _spent(said: str, headers: Mapping[str, str]) -> bool:
    """Whether a refusal means that the account is empty, and not that the limit of a minute is reached."""
    return _NO_QUOTA.search(said) is not None and "Retry-After" not in headers and _LATER.search(said) is None


def _root(url: str) -> str:
    parts = urlsplit(url.strip().rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UserFault(f"{url!r} is no address of a server.", "Give one as http://localhost:8000 with --endpoint.")
    path = parts.path.removesuffix("/completions")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith('/v1') else path + '/v1'}"


_DONE: Final[dict[str, Any]] = {}
"""The mark of a complete answer."""


def _choice(event: dict[str, Any]) -> tuple[str, str]:
    """The text and the finish reason of an answer, or of a piece of it; empty where there is none."""
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        return "", ""
    reason = str(first.get("finish_reason") or "")
    if reason in ("error", "abort"):
        raise _TryAgain(f"the server gave up: {reason}")
    return _LONE.sub("\ufffd", str(first.get("text") or "")), reason


_LONE: Final = re.compile(r"[\ud800-\udfff]")
"""Half a character, which no file can hold."""


def _events(response: urllib3.BaseHTTPResponse, patience: float) -> Iterator[dict[str, Any]]:
    """The JSON objects of an answer: one, or a stream of server-sent events; after all of them :data:`_DONE`.

    Args:
        response: Of the server.
        patience: Seconds that it may keep the connection alive without an event.

    Raises:
        _TryAgain: If one is an error, or none, or none comes.
    """
    if "text/event-stream" not in response.headers.get("Content-Type", ""):
        yield _object(response.read(decode_content=True))
        yield _DONE
        return
    held, last = b"", time.monotonic()
    while block := response.read1(65536, decode_content=True):
        *lines, held = (held + block).split(b"\n")
        for line in lines:
            name, _, value = line.strip().partition(b":")
            if name == b"data" and value.strip() == b"[DONE]":
                yield _DONE
                return
            if name == b"data":
                yield _object(value)
                last = time.monotonic()
            elif name == b"error":  # as llama-server sends it
                raise _failed(value.decode("utf-8", "replace"))
        if time.monotonic() - last > patience:
            raise _TryAgain(f"nothing but signs of life for {patience:g} seconds")


def _failed(said: str) -> _TryAgain:
    """What an error within an answer means."""
    message = _message(said)
    return _TryAgain(message, spent=_spent(message, {}))


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _TryAgain("the answer is no JSON object")
    if found.get("error"):
        raise _failed(json.dumps(found))
    return found


def _message(said: str) -> str:
    """The sentence in the body of an error, in one short line."""
    try:
        found: Any = json.loads(said)
        for name in ("error", "message", "detail"):
            if isinstance(found, dict) and name in found:
                found = found[name]
    except ValueError:
        found = said
    text = " ".join((found if isinstance(found, str) else json.dumps(found)).split())
    return (text if len(text) <= 200 else f"{text[:197]}...").rstrip(".")


def _why(error: Exception) -> str:
    """An error of the connection without the names of its classes and objects."""
    match error:
        case urllib3.exceptions.ReadTimeoutError():
            return "no answer in time"
        case urllib3.exceptions.NameResolutionError():
            return "no such host"
        case urllib3.exceptions.NewConnectionError():
            return "no connection: nothing listens there"
        case urllib3.exceptions.ConnectTimeoutError():
            return "no connection in time"
        case _:
            return "the connection broke off"
