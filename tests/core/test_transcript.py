import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.core.claims import Claim
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Part, Text, Thought
from tutor_app.core.transcript import VERSION, Transcript, Turn, claims_of
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, Verdict

texts = st.text(max_size=12)
errors = st.builds(CodeError, texts, texts, st.integers(0, 99), texts, texts)
parts = st.one_of(
    st.builds(Text, texts),
    st.builds(Code, texts),
    st.builds(
        Output,
        texts,
        texts,
        texts,
        st.sampled_from(["ok", "error", "timeout", "stopped", "died", "refused"]),
        st.none() | errors,
        st.floats(0, 1e6) | st.integers(0, 9),
        st.booleans(),
        texts,
    ),
    st.builds(Figure, texts, texts, st.integers(0, 9), st.integers(0, 9), texts),
    st.builds(
        Answer,
        texts,
        st.sampled_from(["boxed", "phrase", "output", "number"]),
        st.sampled_from([NOT_LOOKED, KNOWN_RIGHT, KNOWN_WRONG, Verdict("wrong", "recomputed", "4")]),
    ),
)
turns = st.builds(Turn, st.sampled_from(["user", "assistant"]), st.lists(parts, max_size=4).map(tuple))
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
transcripts = st.builds(Transcript, st.lists(turns, max_size=3).map(tuple), st.dictionaries(texts, values, max_size=3))


@given(transcripts)
def test_json_reads_back_what_was_written(transcript: Transcript) -> None:
    text = transcript.to_json()
    assert "\n" not in text
    assert Transcript.from_json(text) == transcript
    assert Transcript.from_json(text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")) == transcript


def test_claims_are_kept_with_their_text_and_a_text_without_them_is_still_read() -> None:
    text = "So 2 + 2 = 5, and 1 + 1 = 2."
    claims = (Claim(3, 12, "2 + 2 = 5", "false", "4", "different"), Claim(18, 27, "1 + 1 = 2", "true", reason="exact"))
    transcript = Transcript.of("P", Text(text, claims))
    assert transcript.to_dict()["turns"][1]["parts"][0]["claims"] == [
        {"start": 3, "end": 12, "verdict": "false", "right": "4", "reason": "different"},
        {"start": 18, "end": 27, "verdict": "true", "reason": "exact"},
    ]
    assert Transcript.from_json(transcript.to_json()) == transcript
    old = {"version": 2, "turns": [{"role": "user", "parts": [{"kind": "text", "text": "P"}]}]}
    assert Transcript.from_dict(old) == Transcript.of("P")


@pytest.mark.parametrize(
    "claim",
    [{}, {"start": 0, "end": 99}, {"start": 2, "end": 1}, {"start": 0, "end": 1, "verdict": "maybe"}, "no object"],
)
def test_a_claim_that_does_not_stand_in_its_text_is_refused(claim: object) -> None:
    part = {"kind": "text", "text": "abc", "claims": [claim]}
    with pytest.raises(TranscriptFormatError):
        Transcript.from_dict({"version": 3, "turns": [{"role": "user", "parts": [part]}]})


def test_what_only_the_code_spoke_against_was_called_false_once() -> None:
    claim = {"start": 0, "end": 8, "verdict": "false", "right": "10", "reason": "output"}
    other = {"start": 10, "end": 19, "verdict": "false", "right": "2", "reason": "different"}
    part = {"kind": "text", "text": "We get 9. 1 + 1 = 3", "claims": [claim, other]}
    read = Transcript.from_dict({"version": 5, "turns": [{"role": "assistant", "parts": [part]}]})
    assert [c.verdict for c in claims_of(read.turns[0].parts)] == ["differs", "false"]
    assert [c.verdict for c in claims_of(Transcript.from_json(read.to_json()).turns[0].parts)] == ["differs", "false"]


def test_the_stored_form_is_small_and_stays_as_it_is() -> None:
    """Stored solutions are read by later versions: this text may only change together with VERSION."""
    error = CodeError("E", "m", 2)
    figure = Figure("<svg/>", "", 2, 1)
    transcript = Transcript.of(
        "P",
        Thought("t"),
        Text("a"),
        Code("b"),
        Output("c"),
        Output(status="error", error=error),
        figure,
        Answer("d"),
        meta={"k": 1},
    )
    assert VERSION == 6
    assert json.loads(transcript.to_json()) == {
        "version": 6,
        "meta": {"k": 1},
        "turns": [
            {"role": "user", "parts": [{"kind": "text", "text": "P"}]},
            {
                "role": "assistant",
                "parts": [
                    {"kind": "thought", "text": "t"},
                    {"kind": "text", "text": "a"},
                    {"kind": "code", "source": "b"},
                    {"kind": "output", "stdout": "c"},
                    {
                        "kind": "output",
                        "status": "error",
                        "error": {"type": "E", "message": "m", "line": 2, "traceback": "", "hint": ""},
                    },
                    {"kind": "figure", "svg": "<svg/>", "png": "", "width": 2, "height": 1},
                    {"kind": "answer", "latex": "d"},
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("thoughts", "solution", "read"),
    [
        (["Hm.", "So."], [{"kind": "text", "text": "7"}], (Thought("Hm."), Thought("So."), Text("7"))),
        (["Hm."], [], (Thought("Hm."),)),
        ([], [{"kind": "text", "text": "7"}], (Text("7"),)),
    ],
)
def test_thoughts_of_version_1_become_parts(
    thoughts: list[str], solution: list[dict[str, str]], read: tuple[Part, ...]
) -> None:
    turns = [{"role": "user", "parts": []}, {"role": "assistant", "parts": solution}]
    old = Transcript.from_dict({"version": 1, "meta": {"thoughts": thoughts, "k": 1}, "turns": turns})
    assert (old.solution, old.meta) == (read, {"k": 1})
    assert Transcript.from_json(old.to_json()) == old


def test_what_is_no_list_of_thoughts_stays_as_it_is() -> None:
    for value in ("Hm.", [1], None):
        old = Transcript.from_dict({"version": 1, "meta": {"thoughts": value}, "turns": []})
        assert (old.solution, old.meta) == ((), {"thoughts": value})
    new = Transcript.from_dict({"version": 2, "meta": {"thoughts": ["kept"]}, "turns": []})
    assert new.meta == {"thoughts": ["kept"]}


def test_problem_solution_and_answer() -> None:
    unsolved = Transcript.of("What?")
    assert (unsolved.problem, unsolved.solution, unsolved.answer) == ("What?", (), None)
    assert Transcript(()).problem == ""
    solved = unsolved.with_solution((Text("t"), Answer("1"), Answer("2")), model="m")
    assert solved.answer == Answer("2")
    assert solved.meta == {"model": "m"}
    again = solved.with_solution((Text("other"),), seed=1)
    assert again.turns == (unsolved.turns[0], Turn("assistant", (Text("other"),)))
    assert again.meta == {"model": "m", "seed": 1}
    assert Transcript(()).with_solution((Text("x"),)).solution == (Text("x"),)
    mixed = replace(unsolved, turns=(Turn("user", (Text("a"), Code("ignored"), Text("b"))),))
    assert mixed.problem == "ab"


def test_the_last_line_of_an_error() -> None:
    assert CodeError("NameError", "no x").last_line == "NameError: no x"
    assert CodeError("KeyboardInterrupt", "").last_line == "KeyboardInterrupt"


def transcript_of(part: Any) -> dict[str, Any]:
    return {"version": 1, "turns": [{"role": "user", "parts": [part]}]}


def test_unknown_keys_are_left_out() -> None:
    read = Transcript.from_dict(transcript_of({"kind": "text", "text": "x", "colour": "red"}))
    assert read == Transcript.of("x")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], 'a list "turns"'),
        ({"turns": {}}, 'a list "turns"'),
        ({"turns": []}, "version None is not one of 1 to 6"),
        ({"turns": [], "version": 7}, "version 7 is not"),
        ({"turns": [], "version": 0}, "version 0 is not"),
        ({"turns": [], "version": "1"}, "version '1' is not"),
        ({"turns": [], "version": 1, "meta": []}, '"meta" must be an object'),
        ({"turns": ["x"], "version": 1}, 'turn 0: "role"'),
        ({"turns": [{"role": "system"}], "version": 1}, 'turn 0: "role"'),
        ({"turns": [{"role": "user"}], "version": 1}, 'turn 0: "parts" must be a list'),
        (transcript_of("x"), "kind must be one of text, thought, code, .*not None"),
        (transcript_of({"kind": "poem"}), "not 'poem'"),
        (transcript_of({"kind": ["text"]}), "kind must be one of"),
        (transcript_of({"kind": "text"}), "missing 1 required .*'text'"),
        (transcript_of({"kind": "text", "text": 5}), "text cannot be 5"),
        (transcript_of({"kind": "output", "seconds": True}), "seconds cannot be True"),
        (transcript_of({"kind": "output", "seconds": "1"}), "seconds cannot be '1'"),
        (transcript_of({"kind": "output", "truncated": 1}), "truncated cannot be 1"),
        (transcript_of({"kind": "output", "status": "fine"}), "status cannot be 'fine'"),
        (transcript_of({"kind": "output", "error": "x"}), '"error" must be an object'),
        (transcript_of({"kind": "output", "error": {"type": "E"}}), "turn 0: missing 1 required .*'message'"),
        (transcript_of({"kind": "output", "error": {"type": "E", "message": "", "line": 1.5}}), "line cannot be 1.5"),
        (transcript_of({"kind": "figure", "svg": "", "png": "", "width": "1", "height": 1}), "width cannot be '1'"),
    ],
)
def test_what_is_no_transcript_is_refused_with_the_place(data: Any, words: str) -> None:
    with pytest.raises(TranscriptFormatError, match=words):
        Transcript.from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "nonsense", b"\xff\xfe", "[1, 2"])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(TranscriptFormatError, match="not JSON"):
        Transcript.from_json(text)


def test_no_error_is_read_as_no_error() -> None:
    part: Part = Transcript.from_dict(transcript_of({"kind": "output", "error": None})).turns[0].parts[0]
    assert part == Output()


def test_json_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(TranscriptFormatError, match="nested too deeply"):
        Transcript.from_json("[" * 200_000)


def test_code_that_is_not_to_be_trained_on_says_so_and_other_code_says_nothing() -> None:
    transcript = Transcript.of("?", Code("1 / 0", supervised=False), Code("1"))
    broken, right = transcript.to_dict()["turns"][1]["parts"]
    assert broken == {"kind": "code", "source": "1 / 0", "supervised": False}
    assert right == {"kind": "code", "source": "1"}
    assert Transcript.from_json(transcript.to_json()) == transcript


def test_a_mark_on_code_that_is_no_truth_value_is_refused() -> None:
    data = {"version": 3, "turns": [{"role": "assistant", "parts": [{"kind": "code", "source": "", "supervised": 0}]}]}
    with pytest.raises(TranscriptFormatError, match="supervised"):
        Transcript.from_dict(data)
