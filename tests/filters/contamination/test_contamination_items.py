from __future__ import annotations

import pytest

from filters.contamination.items import Part, benchmark, shared

Q, A = "What is 2 + 2?", "It is 4."


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ({"problem": Q, "solution": A}, [("0", "question", Q), ("0", "answer", A)]),
        ({"question": Q, "answer": A, "id": 7}, [("7", "question", Q), ("7", "answer", A)]),
        ({"nl_statement": Q, "nl_proof": A, "formal_statement": "theorem x", "id": "x"},
         [("x", "question", Q), ("x", "answer", A), ("x", "formal", "theorem x")]),
        ({"full_name": "t", "statement": "theorem t"}, [("t", "formal", "theorem t")]),
        ({"eval_key": "gsm8k", "split": "test", "eval_instance_index": 3, "doc_id": 9, "question": Q, "answer": A,
          "config": "main", "fingerprint": "ab"}, [("main/test/3", "question", Q), ("main/test/3", "answer", A)]),
        (["file.thy", "lemma x: y"], [("0", "formal", "lemma x: y")]),
        ({"question": Q, "options": ["3", "4"], "answer": "B"},
         [("0", "question", Q), ("0", "options", f"{Q}\nA) 3 B) 4"), ("0", "answer", "B")]),
        ({"question": Q, "options": "A) 3 B) 4"}, [("0", "question", Q), ("0", "options", f"{Q}\nA) 3 B) 4")]),
        ({"question": Q, "choices": {"text": [3, 4], "label": ["A", "B"]}},
         [("0", "question", Q), ("0", "options", f"{Q}\nA) 3 B) 4")]),
        ({"question": Q, "options": [], "choices": 5}, [("0", "question", Q)]),
        ("ring.mul_comm", [("ring.mul_comm", "name", "ring.mul_comm")]),
    ],
)  # fmt: skip
def test_rows_of_known_shapes(row, parts):
    assert benchmark("b", [row]).parts == [Part("b", *part) for part in parts]


def test_fields_may_be_named():
    found = benchmark("b", [{"ask": Q, "tell": A}], ["ask", "tell"])
    assert [(part.role, part.text) for part in found.parts] == [("question", Q), ("answer", A)]


def test_what_is_odd_is_reported():
    rows = [{"problem": Q}, {"answer": A}, {"problem": "  "}, 5, {"problem": Q.replace(" ", "  ")}, {}]
    found = benchmark("b", rows)
    assert found.items == 6
    assert found.problems == [
        "b 1: no question", "b 2: question is empty", "b 3: no question", "b 4: question as in 0", "b 5: no question",
    ]  # fmt: skip


def test_items_of_one_id_stay_apart():
    found = benchmark("b", [{"id": 1, "problem": Q}, {"id": 1, "problem": A}])
    assert [part.item for part in found.parts] == ["1", "1 in row 1"]
    assert found.problems == ["b 1: row 1 has the id of another"]


def test_a_question_in_two_benchmarks_is_reported():
    one, other = benchmark("one", [{"problem": Q}]), benchmark("other", [{"question": Q + "\n"}])
    assert list(shared([one, other])) == ["other 0: question as in one 0"]


def test_drawings_are_no_prose():
    assert Part("b", "0", "question", "A [asy]draw((0,0));[/asy] B").prose == "A   B"
