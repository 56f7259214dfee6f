import argparse
import json
import threading
from pathlib import Path

import pytest

pytest.importorskip("urllib3", reason="the trainer's packages are not installed")

from tests.fakes import FakeExecutor
from tests.generations import ask, stopped, text_of
from tests.trainer.teacher.completions_server import Script, serving
from trainer.evaluate.results import Result
from trainer.evaluate.run import add_arguments, main
from trainer.teacher.endpoint import Endpoint, EndpointOptions
from tutor_app.core.dialect import MUMATH, Span
from tutor_app.core.errors import EngineFault, TutorError, UserFault
from tutor_app.core.parts import Code, Output
from tutor_app.core.ports import NeverCancelled, Piece, Sampling
from tutor_app.core.solve import solve, to_the_end

WORDS = "Three pens at 2 euros are é∑ six euros, so the answer is $\\boxed{6}$."


def opened(url: str, *, stream: bool = True, tries: int = 4, waits: list[float] | None = None) -> Endpoint:
    options = EndpointOptions(url, "m", stream=stream, tries=tries, timeout=20)
    return Endpoint(options, sleep=(waits if waits is not None else []).append)


@pytest.mark.parametrize("stream", [True, False])
def test_the_text_and_what_was_counted(stream: bool) -> None:
    script = Script(lambda _: WORDS)
    with serving(script) as url:
        model = opened(url, stream=stream)
        items = ask(model, [Span("<|user|>\nP\n", special=False), Span("own", supervised=True)], max_tokens=99)
        model.close()
    assert text_of(items) == WORDS
    end = stopped(items)
    assert (end.reason, end.prompt_tokens, end.generated_tokens) == ("eos", 14, -(-len(WORDS) // 4))
    assert script.asked[0]["prompt"] == "<|user|>\nP\nown"
    assert (script.asked[0]["model"], script.asked[0]["temperature"], script.asked[0]["seed"]) == ("m", 0.0, 0)


@pytest.mark.parametrize("stream", [True, False])
def test_max_tokens_and_stop_strings(stream: bool) -> None:
    with serving(script := Script(lambda _: WORDS)) as url:
        model = opened(url, stream=stream)
        cut = ask(model, "P", max_tokens=3)
        short = ask(model, "P", stop=["euros", "</s>"])
        model.close()
    assert (text_of(cut), stopped(cut).reason, stopped(cut).generated_tokens) == (WORDS[:12], "length", 3)
    assert text_of(short) == "Three pens at 2 "
    assert script.asked[1]["stop"] == ["euros", "</s>"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 408])
def test_overload_and_server_errors_are_tried_again(stream: bool, status: int) -> None:
    waits: list[float] = []
    with serving(script := Script(lambda _: WORDS, fault=lambda n: status if n < 2 else None)) as url:
        model = opened(url, stream=stream, waits=waits)
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()
    assert len(script.asked) == 3
    assert 1.0 < sum(waits) < 2.1  # half a second and a second, give or take a quarter


def test_the_server_may_say_how_long_to_wait() -> None:
    waits: list[float] = []
    script = Script(lambda _: WORDS, fault=lambda n: 429 if n == 0 else None, headers={"Retry-After": "7"})
    with serving(script) as url:
        model = opened(url, waits=waits)
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()
    assert sum(waits) == pytest.approx(7.0)


@pytest.mark.parametrize("stream", [True, False])
def test_after_a_break_it_goes_on_from_what_has_arrived(stream: bool) -> None:
    def reply(prompt: str) -> str:
        return WORDS[len(prompt) - 1 :]

    with serving(script := Script(reply, fault=lambda n: "break" if n < 2 else None)) as url:
        model = opened(url, stream=stream)
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()
    assert len(script.asked) == 3
    if stream:
        assert [a["prompt"] for a in script.asked] == ["P", "P" + WORDS[:36], "P" + WORDS[:52]]


def test_it_gives_up_with_a_sentence() -> None:
    with serving(script := Script(lambda _: WORDS, fault=lambda _: 503)) as url:
        model = opened(url)
        with pytest.raises(EngineFault, match=r"failed 4 times in a row.*status 503, told to answer 503\."):
            ask(model, "P")
        model.close()
    assert len(script.asked) == 4


def test_what_another_try_would_not_mend_is_said_at_once() -> None:
    with serving(script := Script(lambda _: WORDS, fault=lambda n: (401, 404)[n])) as url:
        model = opened(url)
        with pytest.raises(UserFault, match=r"refuses the key.*OPENAI_API_KEY"):
            ask(model, "P")
        with pytest.raises(UserFault, match=r"/v1/completions refuses the request: status 404.*--endpoint-model"):
            ask(model, "P")
        model.close()
    assert len(script.asked) == 2


def test_nobody_listens() -> None:
    with serving(Script(lambda _: WORDS)) as url:
        pass
    with pytest.raises(EngineFault, match="nothing listens there"):
        opened(url).load()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x/v1", "", "http://"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UserFault, match="no address of a server"):
        opened(url)


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/completions"])
def test_any_of_its_addresses_will_do(end: str) -> None:
    with serving(Script(lambda _: WORDS)) as url:
        model = Endpoint(EndpointOptions(url + end, api_key="k"))
        info = model.load()
        model.close()
    assert (info.name, info.engine, info.n_ctx) == ("m", "stub", 4096)


def test_a_model_that_is_not_there_or_one_of_several() -> None:
    with serving(Script(lambda _: WORDS, models=("a", "b"))) as url:
        with pytest.raises(UserFault, match=r"has no model m\. Name one of these with --endpoint-model: a, b"):
            opened(url).load()
        with pytest.raises(UserFault, match=r"offers these models: a, b\. Name one"):
            Endpoint(EndpointOptions(url)).load()
    with serving(Script(lambda _: WORDS, models=None)) as url:
        assert opened(url).load().name == "m"


def test_a_full_context_shortens_the_text_and_then_ends_it() -> None:
    with serving(Script(lambda _: WORDS, n_ctx=20)) as url:
        model = opened(url)
        cut = stopped(ask(model, "p" * 10, max_tokens=64))
        none = stopped(ask(model, "p" * 20, max_tokens=64))
        model.close()
    assert (cut.reason, cut.generated_tokens) == ("context", 8)
    assert (none.reason, none.generated_tokens) == ("context", 0)


def test_cancelled_before_between_and_while_it_waits() -> None:
    flag = threading.Event()
    with serving(Script(lambda _: WORDS, fault=lambda n: 503 if n == 1 else None)) as url:
        model = Endpoint(EndpointOptions(url, "m"), sleep=lambda _: flag.set())
        items = []
        for item in model.generate([Span("P")], sampling=Sampling(), max_tokens=99, cancel=flag):
            items.append(item)
            if isinstance(item, Piece):
                flag.set()
        assert stopped(items).reason == "cancelled"
        assert WORDS.startswith(text_of(items))
        flag.clear()
        assert stopped(ask(model, "P", cancel=flag)).reason == "cancelled"  # in its pause after the 503
        assert stopped(ask(model, "P", cancel=flag)).reason == "cancelled"
        model.close()


def test_closed_early_it_can_be_asked_again() -> None:
    with serving(Script(lambda _: WORDS)) as url:
        model = opened(url)
        for _ in range(6):
            stream = model.generate([Span("P")], sampling=Sampling(), max_tokens=99, cancel=NeverCancelled())
            assert next(iter(stream)) is not None
            stream.close()  # type: ignore[attr-defined]
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()


SAID = "We compute.\n```python\nprint(6 * 7)\n```\nand now it goes on and on"


@pytest.mark.parametrize("stream", [True, False])
def test_the_loop_says_to_a_server_what_it_says_to_the_engine(stream: bool) -> None:
    def reply(prompt: str) -> str:
        return "So $\\boxed{42}$.</s>" if "```output" in prompt else SAID

    with serving(script := Script(reply)) as url:
        model = opened(url, stream=stream)
        done = to_the_end(solve("6 times 7?", model=model, executor=FakeExecutor(), dialect=MUMATH))
        model.close()
    begun = "<|user|>\n6 times 7?\n<|assistant|>\n"
    code = "We compute.\n```python\nprint(6 * 7)\n```\n"
    assert [a["prompt"] for a in script.asked] == [begun, f"{begun}{code}```output\n42\n```\n"]
    assert script.asked[0]["stop"] == ["</s>", "<|user|>"]
    assert [type(p) for p in done.transcript.solution[1:3]] == [Code, Output]
    assert done.transcript.answer is not None
    assert done.transcript.answer.latex == "42"


def evaluated(*options: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return main(parser.parse_args(options))


def problems(path: Path, n: int) -> Path:
    path.write_text("".join(json.dumps({"question": f"{i} + 1?", "answer": f"#### {i + 1}"}) + "\n" for i in range(n)))
    return path


def right(prompt: str) -> str:
    return f"It is $\\boxed{{{int(prompt.split('|>')[1].split('+')[0]) + 1}}}$."


def test_an_evaluation_with_one_request_in_twenty_failing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    data, out = problems(tmp_path / "b.jsonl", 60), tmp_path / "out.jsonl"
    script = Script(right, fault=lambda n: (429, 500)[n // 20 % 2] if n % 20 == 7 else None)
    with serving(script) as url:
        options = ["--endpoint", url, "--endpoint-model", "m", "--benchmark", "gsm8k", "--data", str(data)]
        options += ["--out", str(out), "--parallel", "8"]
        assert evaluated(*options) == 0
        report = json.loads(capsys.readouterr().out)
        asked = len(script.asked)
        assert evaluated(*options) == 0  # nothing is left to do
        assert len(script.asked) == asked
    assert (report["strict"], report["problems"], report["model"]) == (100.0, 60, "m")
    assert 63 <= asked < 75  # a kept connection that the server closed is asked anew
    assert set(script.keys) == {"Bearer secret"}
    rows = [Result.from_json(line) for line in out.read_text().splitlines()[1:]]
    assert sorted(r.index for r in rows) == list(range(60))
    assert "secret" not in out.read_text()
    manifest = json.loads(out.read_text().splitlines()[0])["manifest"]
    assert (manifest["model"], manifest["engine"], manifest["dialect"]) == ("m", "stub", "mumath")


def test_as_many_requests_at_once_as_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = Script(right, at_once=6)
    with serving(script) as url:
        options = ["--endpoint", url, "--benchmark", "gsm8k", "--data", str(problems(tmp_path / "b.jsonl", 12))]
        assert evaluated(*options, "--parallel", "6") == 0
    # A kept connection that broke is asked anew, so one prompt may have come twice.
    assert (script.most, len({a["prompt"] for a in script.asked})) == (6, 12)
    assert json.loads(capsys.readouterr().out)["strict"] == 100.0


def test_a_server_that_goes_away_ends_the_evaluation_and_what_it_said_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with serving(script := Script(right, fault=lambda n: 404 if n >= 5 else None)) as url:
        options = ["--endpoint", url, "--benchmark", "gsm8k", "--data", str(problems(tmp_path / "b.jsonl", 12))]
        with pytest.raises(TutorError, match="status 404"):
            evaluated(*options, "--parallel", "1", "--out", str(out))
    prompts = [body["prompt"] for body in script.asked]
    answered = set(prompts[:5]) - set(prompts[5:])  # one that was tried again stands twice
    assert len(out.read_text().splitlines()) == 1 + len(answered) >= 1 + 4


@pytest.mark.parametrize(
    "options",
    [
        ["--endpoint", "http://x", "--model", "m.gguf"],
        ["--dialect", "chatml"],
        ["--endpoint-model", "m"],
        ["--no-stream"],
    ],
)
def test_options_that_do_not_go_together(options: list[str]) -> None:
    with pytest.raises(UserFault, match="--endpoint"):
        evaluated("--benchmark", "samples", *options)


def _answer(stream: bool, value: object) -> bytes:
    data = json.dumps(value).encode()
    return b"data: " + data + b"\n\ndata: [DONE]\n\n" if stream else data


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("finish", ["content_filter", "length", "tool_calls", "recitation"])
def test_a_text_that_the_server_cut_off_for_any_reason_is_not_whole(stream: bool, finish: str) -> None:
    cut = _answer(stream, {"choices": [{"text": "Three pens", "finish_reason": finish}]})
    with serving(Script(lambda _: WORDS, fault=lambda _: cut)) as url:
        model = opened(url, stream=stream)
        items = ask(model, "P", max_tokens=99)
        model.close()
    assert (text_of(items), stopped(items).reason) == ("Three pens", "length")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        {"choices": [{"text": "Three", "finish_reason": "error"}]},
        {"error": {"message": "CUDA out of memory", "code": 500}},
        ["no", "object"],
    ],
)
def test_an_answer_that_is_a_failure_is_asked_for_again(stream: bool, value: object) -> None:
    failed = _answer(stream, value)
    with serving(Script(lambda _: WORDS, fault=lambda n: failed if n == 0 else None)) as url:
        model = opened(url, stream=stream)
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()


def test_an_answer_of_many_brackets_is_asked_for_again() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    with serving(Script(lambda _: WORDS, fault=lambda n: deep if n == 0 else None)) as url:
        model = opened(url, stream=False)
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_quota_that_ends_within_an_answer_is_not_tried_again(stream: bool) -> None:
    spent = _answer(stream, {"error": {"message": "You have insufficient credits for this request."}})
    with serving(script := Script(lambda _: WORDS, fault=lambda _: spent)) as url:
        model = opened(url, stream=stream)
        with pytest.raises(UserFault, match="has no quota left: You have insufficient credits"):
            ask(model, "P", max_tokens=99)
        model.close()
    assert len(script.asked) == 1


@pytest.mark.parametrize("stream", [True, False])
def test_half_a_character_can_be_written_to_a_file(stream: bool) -> None:
    half = _answer(stream, {"choices": [{"text": "Three \ud83d pens", "finish_reason": "stop"}]})
    with serving(Script(lambda _: WORDS, fault=lambda _: half)) as url:
        model = opened(url, stream=stream)
        assert text_of(ask(model, "P", max_tokens=99)).encode().decode() == "Three \ufffd pens"
        model.close()


def test_a_server_that_only_keeps_the_connection_alive_is_given_up() -> None:
    with serving(script := Script(lambda _: WORDS, fault=lambda n: "alive" if n == 0 else None)) as url:
        model = Endpoint(EndpointOptions(url, "m", timeout=1.0), sleep=lambda _: None)
        assert text_of(ask(model, "P", max_tokens=99)) == WORDS
        model.close()
    assert len(script.asked) >= 2
