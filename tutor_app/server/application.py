"""The routes: who may ask, how much, and what is done with it.

No page of another origin may use the server: it sends no CORS headers, takes JSON only (which a page may not send
elsewhere unasked), and on a loopback address answers to loopback names only, so that no name of the web can be made to
point at it.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tutor_app import __version__
from tutor_app.core.errors import UserFault
from tutor_app.core.events import SolveEvent
from tutor_app.core.ports import Cancel, Generation
from tutor_app.core.problem import check_problem
from tutor_app.core.solve_settings import SolveSettings
from tutor_app.server.jobs import Desk, Reply, error_response
from tutor_app.server.replies import ChatWriter, CompletionWriter, SolveWriter
from tutor_app.server.requests import (
    Asked,
    RequestFault,
    chat_request,
    completion_request,
    read_json,
    solve_request,
)
from tutor_app.tutor.service import Tutor

BODY_LIMIT: Final = 1_000_000
"""Bytes of a request. The longest problem has 20,000 characters; a conversation has some of them."""
BODY_SECONDS: Final = 30.0
"""How long a client may take to send them."""
SILENT_SECONDS: Final = 10.0
"""How long it may send none of them in between."""
HEAD_BYTES: Final = 16_384
HEAD_LINES: Final = 100
ONCE: Final = ("authorization", "content-type", "content-encoding", "content-length")
"""Lines of a head that say one thing; of two, another program might believe the other one."""
ADDRESSES: Final = ("/v1/models", "/v1/chat/completions", "/v1/completions", "/v1/solve", "/health")
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")

Endpoint = Callable[[Request], Awaitable[ASGIApp]]


@dataclass(frozen=True, slots=True)
class Service:
    """What is served.

    Attributes:
        tutor: Solves; its model takes as many sequences as there are ``places``.
        model: The id under which clients ask for it.
        settings: Budgets of a solution; a client may ask for less of each.
        places: Solutions made at once.
        api_key: What a client must show; empty asks for nothing.
        loopback: The server is reached from this computer only.
        proxied: Requests come through a reverse proxy on this computer, which tells from where.
    """

    tutor: Tutor
    model: str
    settings: SolveSettings
    places: int = 1
    api_key: str = ""
    loopback: bool = True
    proxied: bool = False


def application(service: Service, desk: Desk) -> Starlette:
    """The ASGI application; it closes the desk at which it works, but neither the tutor nor its model."""
    return _Application(service, desk).app


class _Application:
    def __init__(self, service: Service, desk: Desk) -> None:
        self._service, self._created = service, int(time.time())
        self._desk = desk
        routes = [
            Route("/", self._guarded(self._about, public=True)),
            Route("/health", self._guarded(self._health, public=True)),
            Route("/v1/models", self._guarded(self._models)),
            Route("/v1/models/{id:path}", self._guarded(self._model)),
            Route("/v1/chat/completions", self._guarded(self._chat), methods=["POST"]),
            Route("/v1/completions", self._guarded(self._completions), methods=["POST"]),
            Route("/v1/solve", self._guarded(self._solve), methods=["POST"]),
        ]
        self.app = Starlette(
            routes=routes, lifespan=self._lifespan, exception_handlers={HTTPException: _refused, Exception: _failed}
        )
        self.app.router.redirect_slashes = False  # an address is right or it is not

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await anyio.to_thread.run_sync(self._desk.close)

    def _guarded(self, endpoint: Endpoint, *, public: bool = False) -> Callable[[Request], Awaitable[ASGIApp]]:
        async def answer(request: Request) -> ASGIApp:
            try:
                check_head(request.headers.raw)
                self._check_host(request)
                if not public:
                    self._check_key(request)
                return await endpoint(request)
            except RequestFault as e:
                return error_response(e)
            except ClientDisconnect:
                return Response(status_code=400)

        return answer

    def _check_host(self, request: Request) -> None:
        host = request.headers.get("host", "").lower()
        name = host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]
        if self._service.loopback and not self._service.proxied and name not in LOOPBACK_NAMES:
            raise RequestFault(403, "This server answers to this computer's own names only.", code="wrong_host")

    def _check_key(self, request: Request) -> None:
        if not self._service.api_key:
            return
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        good = hmac.compare_digest(key.strip().encode(), self._service.api_key.encode())
        if scheme.lower() != "bearer" or not good:
            raise RequestFault(
                401,
                "The API key is missing or wrong. Send it as: Authorization: Bearer KEY",
                type="authentication_error",
                code="invalid_api_key",
            )

    async def _about(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "name": "MuMath Tutor",
                "version": __version__,
                "model": self._service.model,
                "endpoints": list(ADDRESSES),
            }
        )

    async def _health(self, _request: Request) -> Response:
        state = {"status": "ok", "busy": self._desk.turns.busy, "waiting": self._desk.turns.waiting}
        return JSONResponse(state | {"places": self._service.places})

    async def _models(self, _request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._described()]})

    async def _model(self, request: Request) -> Response:
        self._check_model(request.path_params["id"])
        return JSONResponse(self._described())

    def _described(self) -> dict[str, Any]:
        """The model; ``tutor`` is what another tutor needs to use it as its engine."""
        tutor, info = self._service.tutor, self._service.tutor.engine.info
        more: dict[str, Any] = {
            "info": asdict(info),
            "dialect": asdict(tutor.dialect),
            "defaults": asdict(tutor.defaults),
        }
        more |= {"prompt": tutor.prompt.name, "version": __version__}
        described: dict[str, Any] = {"id": self._service.model, "object": "model", "created": self._created}
        return described | {"owned_by": "local", "context_length": info.n_ctx, "tutor": more}

    async def _chat(self, request: Request) -> ASGIApp:
        asked = chat_request(await self._json(request))
        self._check_model(asked.asked.model)
        problem = check_problem_of(asked.problem, "messages")
        own = self._service.tutor
        prompt = own.prompt
        if asked.earlier or asked.system:
            # The conversation so far stands where worked examples do: as earlier turns, after those.
            system = "\n\n".join(text for text in (prompt.system, asked.system) if text)
            shown = (*prompt.demonstrations, *asked.earlier)
            prompt = replace(prompt, system=system, demonstrations=shown, for_kinds=())
        tutor = Tutor(own.engine, own.executor, own.dialect, prompt, own.defaults, own.checker)
        settings = self._settings(asked.asked)

        def make(cancel: Cancel) -> Iterator[SolveEvent]:
            return tutor.solve(problem, settings=settings, cancel=cancel)

        return self._reply(request, asked.asked, make, ChatWriter(asked.asked, self._service.model))

    async def _solve(self, request: Request) -> ASGIApp:
        asked = solve_request(await self._json(request))
        self._check_model(asked.asked.model)
        problem = check_problem_of(asked.problem, "problem")
        settings = self._settings(asked.asked, asked.budgets)

        def make(cancel: Cancel) -> Iterator[SolveEvent]:
            return self._service.tutor.solve(problem, settings=settings, cancel=cancel)

        return self._reply(request, asked.asked, make, SolveWriter(asked.asked, self._service.model))

    async def _completions(self, request: Request) -> ASGIApp:
        asked = completion_request(await self._json(request))
        self._check_model(asked.asked.model)
        own, tutor = self._service.settings, self._service.tutor
        # A model that thinks needs more than the settings say, here as in a solution.
        max_tokens = min(max(own.max_tokens, tutor.defaults.max_tokens), asked.asked.max_tokens or own.max_tokens)

        def make(cancel: Cancel) -> Iterator[Generation]:
            return tutor.engine.generate(
                asked.spans,
                sampling=asked.asked.sampling(own.sampling),
                max_tokens=max_tokens,
                stop=asked.asked.stop,
                prefix=asked.prefix,
                cancel=cancel,
            )

        writer = CompletionWriter(asked.asked, self._service.model, progress=asked.progress)
        return self._reply(request, asked.asked, make, writer)

    def _reply(self, request: Request, asked: Asked, make: Any, writer: Any) -> ASGIApp:
        client = self._client(request)
        return Reply(self._desk, client, make, writer, stream=asked.stream, fault=self._completed)

    def _client(self, request: Request) -> str:
        """By what clients are told apart: where they ask from, as one key may be a whole class's."""
        address = request.client.host if request.client else ""
        if self._service.proxied and address in ("127.0.0.1", "::1"):
            # What stands before the last one is what the client says of itself.
            return ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip() or address
        return address

    def _completed(self, fault: RequestFault) -> RequestFault:
        if fault.code == "context_length_exceeded":
            fault.more["n_ctx"] = room = self._service.tutor.engine.info.n_ctx
            fault.message += f" They have {fault.more['n_prompt_tokens']:,} tokens, and it holds {room:,}: send less."
        return fault

    def _settings(self, asked: Asked, budgets: Mapping[str, Any] | None = None) -> SolveSettings:
        own = self._service.settings
        chosen = dict(budgets or {})
        chosen["seconds"] = min(own.seconds, chosen.get("seconds", own.seconds))
        chosen["max_tokens"] = min(own.max_tokens, asked.max_tokens or own.max_tokens)
        chosen["max_rounds"] = min(own.max_rounds, chosen.get("max_rounds", own.max_rounds))
        chosen["run_code"] = own.run_code and chosen.get("run_code", True)
        return replace(own, sampling=asked.sampling(own.sampling), **chosen)

    def _check_model(self, name: str) -> None:
        if name not in ("", self._service.model):
            raise RequestFault(
                404,
                f"There is no model {name[:100]!r} here; {self._service.model!r} is served.",
                code="model_not_found",
                param="model",
            )

    async def _json(self, request: Request) -> dict[str, Any]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise RequestFault(415, "Send the request as JSON, with Content-Type: application/json.")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise RequestFault(415, "Send the request as it is: this server unpacks nothing (Content-Encoding).")
        too_large = RequestFault(413, f"The request is larger than {BODY_LIMIT:,} bytes; send less.")
        announced = request.headers.get("content-length", "0")
        if len(announced) > 15 or int(announced) > BODY_LIMIT:
            raise too_large
        body, stream = bytearray(), request.stream()
        try:
            with anyio.fail_after(BODY_SECONDS):
                while True:
                    with anyio.fail_after(SILENT_SECONDS):
                        chunk = await anext(stream, None)
                    if chunk is None:
                        break
                    body += chunk
                    if len(body) > BODY_LIMIT:
                        raise too_large
        except TimeoutError:
            limits = f"it may take {BODY_SECONDS:g} seconds, and be silent for {SILENT_SECONDS:g}"
            raise RequestFault(408, f"The rest of the request did not arrive: {limits}.") from None
        return read_json(bytes(body))


def check_head(lines: Sequence[tuple[bytes, bytes]]) -> None:
    """Check what stands before a request's body, whoever sends it.

    Raises:
        RequestFault: If it is longer than any that this server needs, or says one thing twice.
    """
    if len(lines) > HEAD_LINES or sum(len(name) + len(value) for name, value in lines) > HEAD_BYTES:
        raise RequestFault(431, f"The request's headers are more than {HEAD_LINES}, or than {HEAD_BYTES:,} bytes.")
    names = [name.decode("latin-1") for name, _ in lines]
    for name in ONCE:
        if names.count(name) > 1:
            raise RequestFault(400, f"The header {name.title()} was sent twice.")
    if "content-length" in names and "transfer-encoding" in names:
        raise RequestFault(400, "Send Content-Length or Transfer-Encoding, not both.")


def check_problem_of(text: str, param: str) -> str:
    """The problem as it will be asked.

    Raises:
        RequestFault: If it is empty or too long.
    """
    try:
        return check_problem(text)
    except UserFault as e:
        raise RequestFault(400, str(e), param=param) from None


async def _refused(_request: Request, error: Exception) -> Response:
    """What the router says: no such path, no such method."""
    assert isinstance(error, HTTPException)
    taken = (error.headers or {}).get("Allow", "another one")
    sentence = {
        404: f"There is nothing at this address; there is something at {', '.join(ADDRESSES)}.",
        405: f"This address does not take that method; it takes {taken}.",
    }
    return error_response(RequestFault(error.status_code, sentence.get(error.status_code, str(error.detail))))


async def _failed(_request: Request, _error: Exception) -> Response:
    return error_response(RequestFault(500, "The server failed; its log says how.", type="server_error"))
