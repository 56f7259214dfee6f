"""Fetches the rest of a file over HTTP: resumes, notices a stall, and can be stopped at any moment.

It refuses a server that offers a file of another length or another range than was asked for, and a web page, with
which networks answer everything before a log-in. None of these costs what has arrived: bytes are thrown away only
for an answer that can be the file, where the two differ. Whether the bytes are the right ones is decided by their
hash, elsewhere.
"""

from __future__ import annotations

import errno
import http.client
import queue
import re
import selectors
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from tutor_app.adapters.models.partial_file import PartialFile
from tutor_app.adapters.models.transfer import (
    BLOCK,
    Meter,
    PermanentError,
    Timing,
    TransferStopped,
    TransientError,
    stopped,
)
from tutor_app.core.ports import Cancel
from tutor_app.text.amounts import size_text


def from_hub(url: str, part: PartialFile, meter: Meter, cancel: Cancel, timing: Timing) -> None:
    """Append the rest of the file to ``part``.

    Raises:
        TransientError: If asking again may help.
        PermanentError: If it will not.
        TransferStopped: If ``cancel`` was raised.
        ModelStoreFault: If the disk fails.
    """
    total = part.total
    headers = {"User-Agent": "mumath-tutor", "Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
        # Only the server that gave the tag can compare it; with another source the hash alone must decide.
        if part.etag and part.url == url:
            headers["If-Range"] = part.etag
    host = urlsplit(url).hostname or url
    try:
        response, block = _open(urllib.request.Request(url, headers=headers), cancel, timing.connect)
    except TransferStopped:
        raise
    except urllib.error.HTTPError as e:
        e.close()
        transient = e.code in (408, 429) or (e.code >= 500 and e.code != HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED)
        raise (TransientError if transient else PermanentError)(_why(e, timing)) from None
    except (OSError, http.client.HTTPException, ValueError) as e:
        refused = isinstance(e, ConnectionResetError | http.client.RemoteDisconnected)
        raise (TransientError if refused else PermanentError)(_why(e, timing)) from None
    with response:
        rest = None if response.length is None else response.length + len(block)
        _must_be_the_file(response, part, rest)
        # A server that does not resume sends what is here already once more: it is compared and not written again.
        repeated = part.size if response.status == HTTPStatus.OK else 0
        start, etag = part.size, _strong_tag(response)
        changed = bool(part.etag and etag and part.url == url and etag != part.etag) and not repeated
        if not changed:
            part.note(url, etag)
        try:
            at = 0
            for data in _body(block, response, total - part.size + repeated, cancel, timing.stall):
                known = data[: max(0, repeated - at)]
                if known and not part.holds(at, known):
                    if rest is None:
                        raise PermanentError("it offers another file")
                    part.cut(at)
                    repeated, known = at, b""
                at += len(data)
                if len(known) < len(data):
                    part.append(data[len(known) :])
                meter.report("download", part.size)
        except TimeoutError:
            raise TransientError(f"the transfer stalled: nothing came for {timing.stall:g} seconds") from None
        except (OSError, http.client.HTTPException) as e:
            raise TransientError(_why(e, timing)) from None
        finally:
            if changed and not part.is_right():
                part.cut(start)
    if changed and part.size < total:
        raise PermanentError("its file has changed since the download began")
    if part.size < total:
        raise TransientError(f"the connection to {host} broke off after {size_text(part.size)}")


def ask_head(url: str, cancel: Cancel, timing: Timing) -> dict[str, str]:
    """The headers that ``url`` answers with, in lower case; a redirection is not followed but told.

    Raises:
        PermanentError: If it does not answer, or not with a file or a redirection.
        TransferStopped: If ``cancel`` was raised.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "mumath-tutor"}, method="HEAD")
    try:
        response, _ = _open(request, cancel, timing.connect, _NoRedirection())
        with response:
            return {k.lower(): v for k, v in response.headers.items()}
    except urllib.error.HTTPError as e:
        e.close()
        if e.code in _REDIRECTIONS:
            return {k.lower(): v for k, v in e.headers.items()}
        raise PermanentError(_why(e, timing)) from None
    except TransferStopped:
        raise
    except (OSError, http.client.HTTPException, ValueError) as e:
        raise PermanentError(_why(e, timing)) from None


def get_small(url: str, most: int, cancel: Cancel, timing: Timing) -> bytes:
    """All of a small file, ``most`` bytes at most; a server that trickles gets ``timing.stall`` seconds for all of it.

    Raises:
        PermanentError: If it does not answer, not with success, too slowly, or with more.
        TransferStopped: If ``cancel`` was raised.
    """
    headers = {"User-Agent": "mumath-tutor", "Accept-Encoding": "identity"}
    try:
        response, block = _open(urllib.request.Request(url, headers=headers), cancel, timing.connect)
        deadline = time.monotonic() + timing.stall
        with response:
            announced = (response.length or 0) + len(block)
            if announced > most:
                raise PermanentError("it sends more than it should")
            data = bytearray()
            # One byte more than it may be: a file without an announced length must be seen to end.
            for piece in _body(block, response, most + 1, cancel, timing.stall):
                data += piece
                if len(data) > most:
                    raise PermanentError("it sends more than it should")
                if time.monotonic() > deadline:
                    raise PermanentError("it sends too slowly")
            if len(data) < announced:
                raise PermanentError("the connection broke off")
            return bytes(data)
    except TransferStopped:
        raise
    except urllib.error.HTTPError as e:
        e.close()
        raise PermanentError(_why(e, timing)) from None
    except (OSError, http.client.HTTPException, ValueError) as e:
        raise PermanentError(_why(e, timing)) from None


_REDIRECTIONS: Final = (301, 302, 303, 307, 308)


class _ToTheWeb(urllib.request.HTTPRedirectHandler):
    """Follows to pages of the web; urllib would go on to FTP as well."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:  # brackets that do not close
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp) from None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """None makes urllib raise an HTTPError, which has the headers."""


def _must_be_the_file(response: http.client.HTTPResponse, part: PartialFile, rest: int | None) -> None:
    """Raise PermanentError unless it can be the rest of the file, or all of it; ``rest`` is its length, if known."""
    kind = response.headers.get_content_type()
    if kind in ("text/html", "application/xhtml+xml"):
        raise PermanentError("it answers with a web page, as a network does that wants a log-in first")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise PermanentError("it sends the file in another coding than was asked for")
    expected = part.total
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        given = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
        if not given or int(given[1]) != part.size or given[3] not in ("*", str(part.total)):
            raise PermanentError("it answers with another part of the file than was asked for")
        expected -= part.size
    elif response.status != HTTPStatus.OK:
        raise PermanentError(f"it answers without the file ({response.status})")
    if rest is not None and rest != expected:
        raise PermanentError(
            f"it offers another file ({rest + part.total - expected:,} bytes instead of {part.total:,})"
        )


def _strong_tag(response: http.client.HTTPResponse) -> str:
    """The tag of the file, unless it is a weak one, which may not be used with If-Range."""
    etag: str = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else ""


def _open(
    request: urllib.request.Request, cancel: Cancel, seconds: float, *handlers: urllib.request.BaseHandler
) -> tuple[http.client.HTTPResponse, bytes]:
    """Open and wait for the first bytes of the body, at most ``seconds`` for it all.

    In a thread of its own, because looking up a name can take long and hears neither a deadline nor ``cancel``.
    A thread that was given up closes what it gets and ends.
    """
    box: queue.SimpleQueue[tuple[http.client.HTTPResponse, bytes] | Exception] = queue.SimpleQueue()
    gone = threading.Event()

    def work() -> None:
        try:
            # System certificates are urllib's default.
            response = urllib.request.build_opener(_Proxies(), *(handlers or (_ToTheWeb(),))).open(
                request, timeout=seconds
            )
            try:
                box.put((response, response.read1(BLOCK)))
            except BaseException:
                response.close()
                raise
        except Exception as e:  # noqa: BLE001 - handed to the caller, which sorts it
            box.put(e)
        if gone.is_set():
            discard()

    def discard() -> None:
        with suppress(queue.Empty):
            left = box.get_nowait()
            if isinstance(left, tuple):
                left[0].close()
            elif isinstance(left, urllib.error.HTTPError):
                left.close()

    threading.Thread(target=work, name="open-url", daemon=True).start()
    deadline = time.monotonic() + seconds
    while True:
        try:
            got = box.get(timeout=0.1)
        except queue.Empty:
            if not cancel.is_set() and time.monotonic() < deadline:
                continue
            gone.set()
            discard()
            if cancel.is_set():
                raise stopped() from None
            raise TimeoutError from None
        if isinstance(got, Exception):
            raise got
        return got


class _Proxies(urllib.request.ProxyHandler):
    """The proxies of this user, those of the environment (in any case) or of the system.

    urllib reads ``all_proxy`` and does not use it, and it speaks HTTP to a proxy of whatever kind.
    """

    def __init__(self) -> None:
        found = urllib.request.getproxies()
        super().__init__(
            {scheme: proxy for scheme in ("http", "https") if (proxy := found.get(scheme, found.get("all")))}
        )

    def proxy_open(self, req: urllib.request.Request, proxy: str, type: str) -> Any:
        kind = proxy.partition("://")[0].lower() if "://" in proxy else "http"
        if kind not in ("http", "https") and not urllib.request.proxy_bypass(req.host or ""):
            raise PermanentError(
                f"a proxy of the kind {kind} is set (in https_proxy, http_proxy or all_proxy), and only proxies of the "
                "kind http:// can be used"
            )
        return super().proxy_open(req, proxy, type)


def _body(
    block: bytes, response: http.client.HTTPResponse, expected: int, cancel: Cancel, stall: float
) -> Iterator[bytes]:
    """The body as it comes, ``expected`` bytes at most; raises TimeoutError after ``stall`` quiet seconds."""
    got = 0
    quiet = time.monotonic()
    with selectors.DefaultSelector() as selector:
        if not response.isclosed():
            selector.register(response.fileno(), selectors.EVENT_READ)
        while block:
            got += len(block)
            if got > expected:
                raise PermanentError("it sends more than it should")
            yield block
            if got == expected:
                return
            while True:
                if cancel.is_set():
                    raise stopped()
                # With a known length ``read1`` leaves nothing in Python's buffer, so the socket tells the truth.
                if response.length is None or response.isclosed() or selector.select(0.2):
                    break
                if time.monotonic() - quiet > stall:
                    raise TimeoutError
            block = response.read1(BLOCK)
            quiet = time.monotonic()


def _why(e: BaseException, timing: Timing) -> str:
    """The one place that puts a failure of the network into words."""
    if isinstance(e, urllib.error.HTTPError):
        known = {
            401: "access is refused",
            403: "access is refused",
            407: "the proxy wants a name and a password",
            404: "there is no such file",
            410: "the file is gone",
        }
        known |= {
            416: "its file is a shorter one",
            429: "it asks to come back later",
            511: "the network wants a log-in first",
            **dict.fromkeys(_REDIRECTIONS, "it sends on to what is no page of the web, or round in a circle"),
        }
        return f"{known.get(e.code, 'the server is out of order' if e.code >= 500 else 'it refuses')} ({e.code})"
    if isinstance(e, urllib.error.URLError) and isinstance(e.reason, BaseException):
        return _why(e.reason, timing)
    if isinstance(e, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({e.verify_message}); check the computer's clock and certificates"
    if isinstance(e, socket.gaierror):
        return "it cannot be found, for there is no connection to the Internet, or it is blocked"
    if isinstance(e, TimeoutError):
        return f"no answer within {timing.connect:g} seconds"
    if isinstance(e, ConnectionRefusedError):
        return "the connection is refused"
    if isinstance(e, ConnectionError | http.client.HTTPException):
        return "the connection broke off"
    if isinstance(e, OSError) and e.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return "there is no connection to the Internet"
    return str(e) or type(e).__name__
