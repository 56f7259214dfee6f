import pytest

from tutor_app.core.dialect import Span
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.ports import Sampling
from tutor_app.server.requests import RequestFault, chat_request, completion_request, read_json, solve_request


def user(text: object) -> dict[str, object]:
    return {"role": "user", "content": text}


def test_a_conversation_becomes_turns() -> None:
    asked = chat_request(
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                user("What is 6*7?"),
                {"role": "assistant", "content": "So:\n```python\n6*7\n```\n```output\n42\n```\nIt is 42."},
                {"role": "developer", "content": "In words."},
                user([{"type": "text", "text": "And "}, {"type": "text", "text": "8*8?"}]),
            ],
            "temperature": 0.5,
            "seed": 7,
            "max_completion_tokens": 50,
            "stop": "x",
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    )
    assert (asked.system, asked.problem) == ("Be brief.\n\nIn words.", "And 8*8?")
    (turn,) = asked.earlier
    assert turn.problem == "What is 6*7?"
    assert [type(part) for part in turn.solution] == [Text, Code, Output, Text]
    assert asked.asked.sampling(Sampling(0.9, 0.8, 3)) == Sampling(0.5, 0.8, 7)
    assert (asked.asked.max_tokens, asked.asked.stop, asked.asked.stream, asked.asked.usage) == (50, ("x",), True, True)


def test_two_messages_of_the_user_are_one_and_a_greeting_is_none() -> None:
    asked = chat_request(
        {"messages": [{"role": "assistant", "content": "Hello!"}, user("A train."), user("How fast?")]}
    )
    assert (asked.earlier, asked.problem) == ((), "A train.\n\nHow fast?")
    assert asked.asked.sampling(Sampling(0.9, 0.8, 3)) == Sampling(0.9, 0.8, 3)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [user("x")] * 201}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "judge", "content": "x"}]}, "messages[0].role"),
        ({"messages": [user(None)]}, "messages[0].content"),
        ({"messages": [user([{"type": "image_url", "image_url": "data:"}])]}, "messages[0].content"),
        ({"messages": [user("x"), {"role": "tool", "tool_call_id": "1", "content": "3"}]}, "messages[1]"),
        ({"messages": [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, user("x")]}, "messages[0]"),
        ({"messages": [{"role": "function", "name": "f", "content": "3"}, user("x")]}, "messages[0]"),
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"response_format": "text"}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"top_k": 40}, "top_k"),
        ({"repeat_penalty": 1.1}, "repeat_penalty"),
        ({"logprobs": True}, "logprobs"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"seed": "a"}, "seed"),
        ({"stop": 5}, "stop"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": 3}, "stream_options"),
        ({"model": 3}, "model"),
    ],
)
def test_a_mistake_names_its_field(change: dict[str, object], param: str) -> None:
    with pytest.raises(RequestFault) as refused:
        chat_request({"messages": [user("What is 6*7?")]} | change)
    assert (refused.value.status, refused.value.param) == (400, param)
    assert refused.value.message.endswith(".")


def test_what_clients_send_though_it_changes_nothing_is_taken() -> None:
    told = {"response_format": {"type": "text"}, "modalities": ["text"], "tools": [], "tool_choice": "auto", "n": 1}
    told |= {"logprobs": False, "logit_bias": {}, "frequency_penalty": 0.0, "top_k": -1, "min_p": 0, "suffix": None}
    assert chat_request({"messages": [user("6*7?")], **told, "repeat_penalty": 1.0, "user": "a"}).problem == "6*7?"


def test_text_for_the_bare_model() -> None:
    assert completion_request({"prompt": "a<|im_end|>"}).spans == (Span("a<|im_end|>", special=True),)
    assert completion_request({"prompt": ["a"]}).spans == (Span("a", special=True),)
    asked = completion_request({"spans": [["a", False, True], ["b", True, False]], "prefix": 1})
    assert (asked.spans, asked.prefix) == ((Span("a", special=True), Span("b", supervised=True)), 1)
    for wrong in ({}, {"prompt": ["a", "b"]}, {"prompt": 5}, {"spans": [["a"]]}, {"spans": [], "prefix": 1}):
        with pytest.raises(RequestFault):
            completion_request(wrong)
    empties: tuple[dict[str, object], ...] = (
        {"prompt": ""},
        {"prompt": [""]},
        {"spans": []},
        {"spans": [["", False, True]], "prefix": 1},
    )
    for empty in empties:
        with pytest.raises(RequestFault, match="nothing to go on from"):
            completion_request(empty)


def test_budgets_of_a_solution() -> None:
    asked = solve_request({"problem": "1+1", "max_rounds": 2, "seconds": 9, "run_code": False})
    assert dict(asked.budgets) == {"max_rounds": 2, "seconds": 9.0, "run_code": False}
    for wrong in ({}, {"problem": 5}, {"problem": "x", "seconds": 0}, {"problem": "x", "max_rounds": 99}):
        with pytest.raises(RequestFault):
            solve_request(wrong)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff\xfe", b'"x"', b"[" * 100_000])
def test_what_is_no_request(body: bytes) -> None:
    with pytest.raises(RequestFault) as refused:
        read_json(body)
    assert refused.value.status == 400
