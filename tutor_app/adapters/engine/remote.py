"""The model of another computer's ``tutor serve`` as the engine here: it writes there, code and checks stay here.

The prompt goes out as the spans of the local engine, so that a problem that spells out a control token is read as plain
characters there too. Each generation has a connection of its own. It refuses any server that is not a tutor's: an
endpoint of another program reads prompts in its own way.
"""

from __future__ import annotations

import http.client
import json
import math
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from tutor_app import __version__
from tutor_app.adapters.engine.requests import POLL_SECONDS, Address, Exchange, RequestCancelled
from tutor_app.core.dialect import Dialect, Span
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, PromptProgress, Sampling, Stopped

T = TypeVar("T")

_BROKEN_OFF: Final = (http.client.RemoteDisconnected, http.client.IncompleteRead)
"""What http.client makes of a server that goes away."""
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL makes of a server that answers in plain text."""
_EXPIRED, _OTHER_NAME, _OTHER_NUMBER = 10, 62, 64  # of OpenSSL's X509_V_ERR


@dataclass(frozen=True, slots=True)
class Served:
    """What a server says of itself.

    Attributes:
        model: The id under which its model is asked for.
        info: The model; its device names the server.
        dialect: The model's wire form.
        defaults: What the model needs beyond the settings of a solution, by name.
        prompt: Name of what stands before every problem.
    """

    model: str
    info: ModelInfo
    dialect: Dialect
    defaults: Mapping[str, float]
    prompt: str


class RemoteModel:
    """A model on another computer; safe to use from several threads.

    Args:
        url: Of the server.
        key: Its API key; may be empty.
    """

    def __init__(self, url: str, key: str = "") -> None:
        """Nothing is sent yet.

        Raises:
            UserFault: If the address is none, or the key cannot be one.
        """
        self._address, self._key = Address.of(url), key.strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise UserFault("The key of the server has characters that no key has.", "Copy it from the server again.")
        self._served: Served | None = None
        self._info = ModelInfo("", device=f"on {self._address}")
        self._places = threading.BoundedSemaphore(1)

    @property
    def info(self) -> ModelInfo:
        """What the server says of its model; complete after :meth:`describe`."""
        return self._info

    @property
    def served(self) -> Served:
        """What the server said of itself; it is asked if it has not been."""
        return self._served or self.describe()

    def describe(self, cancel: Cancel | None = None) -> Served:
        """Ask what is served.

        Args:
            cancel: Ends the wait for a server that is silent.

        Raises:
            UserFault: If the key is refused, or the server's version is not understood.
            EngineFault: If it is no tutor's, does not answer, or was not waited for.
        """
        try:
            with self._exchange("GET", "/v1/models", None) as exchange:
                status = exchange.status(cancel)
                text = exchange.text(cancel)
        except RequestCancelled:
            raise EngineFault(f"The server {self._address} was not waited for.") from None
        except (OSError, http.client.HTTPException) as e:
            raise self._gone(e) from None
        if status != http.HTTPStatus.OK:
            raise self._refusal(status, text)
        served = self._understood(text)
        if self._served is None or self._served.info.n_seq != served.info.n_seq:
            self._places = threading.BoundedSemaphore(max(1, served.info.n_seq))
        self._served, self._info = served, served.info
        return served

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """See :class:`tutor_app.tutor.service.LoadableModel`: the model is loaded there; what it is, is asked here."""
        return self.describe(cancel).info

    def close(self) -> None:
        """Nothing is kept between generations."""

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
        if cancel.is_set():
            yield Stopped("cancelled")
            return
        try:
            served = self._served or self.describe(cancel)
        except EngineFault:
            if not cancel.is_set():
                raise
            yield Stopped("cancelled")
            return
        body = {
            "model": served.model,
            "spans": [[s.text, s.supervised, s.special] for s in prompt],
            "prefix": prefix,
            "max_tokens": max(1, max_tokens),
            "stop": list(stop),
            "stream": True,
            "return_progress": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
        }
        places = self._places
        while not places.acquire(timeout=POLL_SECONDS):
            if cancel.is_set():
                yield Stopped("cancelled")
                return
        try:
            yield from self._generate(json.dumps(body).encode(), cancel)
        finally:
            places.release()

    def _generate(self, body: bytes, cancel: Cancel) -> Iterator[Generation]:
        tokens = 0
        try:
            with self._exchange("POST", "/v1/completions", body) as exchange:
                status = exchange.status(cancel)
                if status != http.HTTPStatus.OK:
                    yield self._refused_at_work(status, exchange.text(cancel))
                    return
                while line := exchange.line(cancel):
                    item = self._item(line.removeprefix(b"data: ")) if line.startswith(b"data: {") else None
                    if isinstance(item, Piece):
                        tokens += item.tokens
                    if item is not None:
                        yield item
                    if isinstance(item, Stopped):
                        return
        except RequestCancelled:
            yield Stopped("cancelled", generated_tokens=tokens)
            return
        except (OSError, http.client.HTTPException) as e:
            raise self._gone(e) from None
        raise self._gone(None)

    def _exchange(self, method: str, path: str, body: bytes | None) -> Exchange:
        headers = {"User-Agent": f"mumath-tutor/{__version__}", "Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return Exchange(self._address, method, path, headers, body)

    def _item(self, text: bytes) -> Generation | None:
        try:
            data = json.loads(text)
            if "error" in data:
                error = data["error"]
                if error.get("code") == "context_length_exceeded":
                    return Stopped("context", prompt_tokens=int(error.get("n_prompt_tokens", 0)))
                raise EngineFault(f"The server {self._address} failed: {_line(error.get('message'))}")
            if read := data.get("prompt_progress"):
                done = read["cache"] + read["processed"]
                return _value(PromptProgress, {"done": done, "total": read["total"], "evaluated": read["processed"]})
            if stopped := data.get("stopped"):
                return _value(Stopped, stopped)
            if data.get("choices"):
                return _value(Piece, {"text": data["choices"][0]["text"], "tokens": data["n_tokens"]})
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise self._not_understood() from None
        return None

    def _understood(self, text: bytes) -> Served:
        try:
            (entry,) = json.loads(text)["data"]  # this program serves one model
            more = entry["tutor"]
            version = str(more["version"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._not_understood() from None
        try:
            known = {f.name for f in fields(ModelInfo)}
            info = _value(ModelInfo, {name: v for name, v in more["info"].items() if name in known})
            device = f"on {self._address}" + (f": {info.device}" if info.device else "")
            dialect = _value(Dialect, more["dialect"])
            defaults = {str(name): float(value) for name, value in more["defaults"].items()}
            if not all(map(math.isfinite, defaults.values())):
                raise ValueError("a number without a value")
            return Served(str(entry["id"]), replace(info, device=device), dialect, defaults, str(more["prompt"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UserFault(
                f"The server {self._address} runs version {version} of the tutor, which this version, {__version__}, "
                "does not understand.",
                "Install the same version on both computers.",
            ) from None

    def _refusal(self, status: int, text: bytes) -> EngineFault | UserFault:
        if status in (401, 403):
            what = "refuses the key" if self._key else "asks for a key"
            return UserFault(
                f"The server {self._address} {what}.",
                "Enter the key that `tutor serve` printed there, in the settings or with --engine-key-file.",
            )
        if status == 404 and b"model_not_found" not in text:
            return self._not_understood()
        try:
            said = _line(json.loads(text)["error"]["message"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return self._not_understood()
        if status == 404:
            return EngineFault(f"The server {self._address} has another model now.", "Ask again to use it.")
        return EngineFault(f"The server {self._address} does not take the request: {said}")

    def _refused_at_work(self, status: int, text: bytes) -> Stopped:
        """What a generation ends with that was refused.

        Raises:
            EngineFault: In most cases: it ends a solution and keeps what there is of it.
        """
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            error = json.loads(text)["error"]
            if error["code"] == "context_length_exceeded":
                return Stopped("context", prompt_tokens=int(error["n_prompt_tokens"]))
        fault = self._refusal(status, text)
        raise EngineFault(fault.message, fault.remedy)

    def _not_understood(self) -> EngineFault:
        return EngineFault(
            f"What answers at {self._address} is no tutor's server.", "Start `tutor serve` there, of the same version."
        )

    def _gone(self, error: Exception | None) -> EngineFault:
        remedy = "See that `tutor serve` runs there and that this computer is in its network."
        match error:
            case http.client.HTTPException() if not isinstance(error, _BROKEN_OFF):
                return self._not_understood()
            case None | ConnectionResetError() | BrokenPipeError() | http.client.HTTPException() | ssl.SSLEOFError():
                what = f"The server {self._address} broke off the connection."
            case TimeoutError():
                what = f"The server {self._address} does not answer."
            case ConnectionRefusedError():
                what = f"No server runs at {self._address}."
            case socket.gaierror():
                what, remedy = f"There is no computer called {self._address.host} here.", "Check the address."
            case ssl.SSLCertVerificationError():
                return self._untrusted(error)
            case ssl.SSLError() if error.reason in _NO_TLS:
                what, remedy = f"The server {self._address} does not encrypt.", "Write its address with http://"
            case ssl.SSLError():
                what = f"No encryption could be agreed on with the server {self._address}: {error.reason or error}."
            case _:
                what = f"The server {self._address} cannot be reached: {getattr(error, 'strerror', None) or error}."
        return EngineFault(what, remedy)

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> EngineFault:
        why = (error.verify_message or "certificate verify failed").rstrip(".")
        remedy = "Install that certificate on this computer, or name its file in the variable SSL_CERT_FILE."
        if error.verify_code in (_OTHER_NAME, _OTHER_NUMBER):
            remedy = "Write its address by the name that its certificate is for."
        elif error.verify_code == _EXPIRED:
            remedy = "Whoever runs the server has to renew it; is the date of this computer right?"
        return EngineFault(f"The certificate of the server {self._address} is not trusted: {why}.", remedy)


def _value(kind: type[T], data: Mapping[str, Any]) -> T:
    """A dataclass from what another program sent.

    Raises:
        TypeError: If a field is missing, unknown or of another type.
    """
    hints = get_type_hints(kind)
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    if not all(_fits(v, hints.get(name)) for name, v in values.items()):
        raise TypeError(f"no {kind.__name__}")
    return kind(**values)


def _fits(value: Any, hint: Any) -> bool:
    match get_origin(hint):
        case None if hint is float:
            return type(value) in (int, float)
        case None:
            return type(value) is (type(None) if hint is None else hint)
        case found if found is tuple:
            return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        case found if found is Literal:
            return value in get_args(hint)
        case _:  # one of several
            return any(_fits(value, each) for each in get_args(hint))


def _line(text: Any) -> str:
    return " ".join(str(text).split())[:300]
