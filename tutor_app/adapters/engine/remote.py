"""The model of another computer's ``tutor serve`` as the engine here: it writes there, code and checks stay here.

The prompt goes out as the spans of the local engine, so that a problem that spells out a control token is read as plain
characters there too. Each generation has a connection of its own, read by a thread, so that a server that is silent
keeps nobody from stopping. It refuses any server that is not a tutor's: an endpoint of another program reads prompts in
its own way.
"""

from __future__ import annotations

import http.client
import json
import queue
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any, Final
from urllib.parse import urlsplit

from tutor_app import __version__
from tutor_app.core.dialect import Dialect, Span
from tutor_app.core.errors import EngineFault, UserFault
from tutor_app.core.ports import Cancel, Generation, ModelInfo, Piece, PromptProgress, Sampling, Stopped

POLL_SECONDS: Final = 0.05
"""How often a wait looks whether it was cancelled."""
CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 60.0
"""Without a byte: the server sends a sign of life every few seconds while it works or lets wait."""
LONGEST_LINE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is.

    Attributes:
        host: Name or number.
        port: Its port.
        path: What stands before ``/v1``, as a reverse proxy may have it.
        secure: Whether it is asked over TLS.
    """

    host: str
    port: int
    path: str = ""
    secure: bool = False

    @classmethod
    def of(cls, url: str) -> Address:
        """Read an address as typed: ``http://192.168.1.5:8642``, also with ``/v1`` or without ``http://``.

        Raises:
            UserFault: If it is none.
        """
        text = url.strip()
        fault = UserFault(
            f"{text[:200]!r} is no address of a server.", "Write it as `tutor serve` prints it: http://192.168.1.5:8642"
        )
        if not text.isprintable() or " " in text:
            raise fault
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            port = parts.port
        except ValueError:
            raise fault from None
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise fault
        path = parts.path.rstrip("/").removesuffix("/v1")
        secure = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if secure else 8642 if "://" not in text else 80), path, secure)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def connection(self) -> http.client.HTTPConnection:
        """A connection that is opened at the first request."""
        if self.secure:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)


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
    defaults: Mapping[str, Any]
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
        self._model = ""
        self._info = ModelInfo("", device=f"on {self._address}")
        self._places = threading.BoundedSemaphore(1)

    @property
    def info(self) -> ModelInfo:
        """What the server says of its model; complete after :meth:`describe`."""
        return self._info

    def describe(self) -> Served:
        """Ask what is served.

        Raises:
            UserFault: If the key is refused, or the server is no tutor's or one of a version that is not understood.
            EngineFault: If it does not answer.
        """
        connection = self._address.connection()
        try:
            reply = self._ask(connection, "GET", "/v1/models", None)
            text = reply.read(LONGEST_LINE)
        except (OSError, http.client.HTTPException) as e:
            raise self._gone(e) from None
        finally:
            connection.close()
        if reply.status != http.HTTPStatus.OK:
            raise self._refusal(reply.status, text)
        served = self._served(text)
        if served.model != self._model:
            self._places = threading.BoundedSemaphore(max(1, served.info.n_seq))
        self._model, self._info = served.model, served.info
        return served

    def load(self, cancel: Cancel | None = None) -> ModelInfo:
        """See :class:`tutor_app.tutor.service.Model`: the model is loaded there; what it is, is asked here."""
        return self.describe().info

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
        if not self._model:
            self.describe()
        body = {
            "model": self._model,
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
        inbox: queue.Queue[bytes | Exception | None] = queue.Queue()
        connection = self._address.connection()
        reader = threading.Thread(target=self._read, args=(connection, body, inbox), name="remote-engine", daemon=True)
        reader.start()
        tokens = 0
        try:
            while True:
                if cancel.is_set():
                    yield Stopped("cancelled", generated_tokens=tokens)
                    return
                try:
                    line = inbox.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    continue
                if isinstance(line, _NoRoom):
                    yield Stopped("context", prompt_tokens=line.tokens)
                    return
                if isinstance(line, EngineFault | UserFault):
                    raise line
                if line is None or isinstance(line, Exception):
                    raise self._gone(line)
                if not line.startswith(b"data: {"):
                    continue
                item = self._item(line[6:])
                if isinstance(item, Piece):
                    tokens += item.tokens
                if item is not None:
                    yield item
                if isinstance(item, Stopped):
                    return
        finally:
            _hang_up(connection)
            reader.join()

    def _read(
        self, connection: http.client.HTTPConnection, body: bytes, inbox: queue.Queue[bytes | Exception | None]
    ) -> None:
        """Put every line of the reply into the queue, and None or what went wrong at its end."""
        try:
            reply = self._ask(connection, "POST", "/v1/completions", body)
            if reply.status != http.HTTPStatus.OK:
                inbox.put(self._refusal_at_work(reply.status, reply.read(LONGEST_LINE)))
                return
            while line := reply.readline(LONGEST_LINE):
                inbox.put(line)
            inbox.put(None)
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as e:
            # Hanging up in the middle of a read makes http.client raise the two that are no errors of the network.
            inbox.put(e)
        finally:
            connection.close()

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None
    ) -> http.client.HTTPResponse:
        headers = {"User-Agent": f"mumath-tutor/{__version__}", "Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        connection.connect()
        connection.sock.settimeout(SILENCE_SECONDS)
        connection.request(method, self._address.path + path, body, headers)
        return connection.getresponse()

    def _item(self, text: bytes) -> Generation | None:
        try:
            data = json.loads(text)
            if "error" in data:
                error = data["error"]
                if error.get("code") == "context_length_exceeded":
                    return Stopped("context", prompt_tokens=int(error.get("n_prompt_tokens", 0)))
                raise EngineFault(f"The server {self._address} failed: {_line(error.get('message'))}")
            if read := data.get("prompt_progress"):
                return PromptProgress(read["cache"] + read["processed"], read["total"], read["processed"])
            if stopped := data.get("stopped"):
                return Stopped(**stopped)
            if data.get("choices"):
                return Piece(data["choices"][0]["text"], int(data["n_tokens"]))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            raise self._not_understood() from None
        return None

    def _served(self, text: bytes) -> Served:
        try:
            (entry,) = json.loads(text)["data"]
            more = entry["tutor"]
            version = str(more["version"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._not_understood() from None
        try:
            known = {f.name for f in fields(ModelInfo)}
            info = ModelInfo(**{name: v for name, v in more["info"].items() if name in known})
            frames: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in more["dialect"].items()}
            dialect = Dialect(**frames)
            device = f"on {self._address}" + (f": {info.device}" if info.device else "")
            return Served(
                str(entry["id"]), replace(info, device=device), dialect, dict(more["defaults"]), str(more["prompt"])
            )
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

    def _refusal_at_work(self, status: int, text: bytes) -> Exception:
        """The same as an error of the engine, which ends a solution and keeps what there is of it."""
        with suppress(ValueError, TypeError, KeyError, RecursionError):
            error = json.loads(text)["error"]
            if error["code"] == "context_length_exceeded":
                return _NoRoom(int(error["n_prompt_tokens"]))
        fault = self._refusal(status, text)
        return EngineFault(fault.message, fault.remedy)

    def _not_understood(self) -> UserFault:
        return UserFault(
            f"What answers at {self._address} is no tutor's server.", "Start `tutor serve` there, of the same version."
        )

    def _gone(self, error: Exception | None) -> EngineFault:
        remedy = "See that `tutor serve` runs there and that this computer is in its network."
        match error:
            case None | http.client.HTTPException() | ConnectionResetError() | BrokenPipeError():
                what = f"The server {self._address} broke off the connection."
            case TimeoutError():
                what = f"The server {self._address} does not answer."
            case ConnectionRefusedError():
                what = f"No server runs at {self._address}."
            case socket.gaierror():
                what, remedy = f"There is no computer called {self._address.host} here.", "Check the address."
            case ssl.SSLError():
                what = f"The server {self._address} has no valid certificate: {error.reason or error}."
            case _:
                what = f"The server {self._address} cannot be reached: {getattr(error, 'strerror', None) or error}."
        return EngineFault(what, remedy)


class _NoRoom(Exception):
    """The prompt of so many tokens does not fit into the server's context."""

    def __init__(self, tokens: int) -> None:
        super().__init__(tokens)
        self.tokens = tokens


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End the connection under a read in another thread, which then returns."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _line(text: Any) -> str:
    return " ".join(str(text).split())[:300]
