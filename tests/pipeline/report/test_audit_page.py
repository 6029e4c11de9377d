from __future__ import annotations

import io
import re
import shutil
import subprocess

import pytest

from filters.contamination.audit import METHODS
from filters.contamination.coverage import Coverage
from filters.contamination.items import Part
from pipeline.report.audit import Audited, as_json, counted, from_json, pooled
from pipeline.report.audit_page import MOST_CHARACTERS, MOST_ODDITIES, MOST_SHOWN, marked, surest, write_page

HOSTILE = "</pre><script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
RECALL = [{"kind": "verbatim", "benchmark": name, "planted": 2, "visible": 2, "found": {"own": n}} for n, name in
          enumerate(("jam", "math"), 1)]  # fmt: skip
AUDITED = Audited(
    {"jam": {"sha256": "0" * 64, "items": 3, "parts": 3, "problems": [f"jam {n}: no question" for n in range(50)]}},
    [],
    [Coverage("jam", "question", method, 1, 3) for method in (*METHODS, "own")],
    documents=7,
    left_out=2,
    self_test={"recall": RECALL, "permuted": 3, "documents": 5, "mistakes": {"own": 1}},
)


def hit(document="d", item="0", method="fuzzy", score=0.5, **more):
    return {
        "benchmark": "jam", "item": item, "part": "question", "document": document, "url": "", "method": method,
        "score": score, "span": "find the jam", "context": ["before ", " after"], "place": [0, 12],
    } | more  # fmt: skip


def page(hits, parts=None, found=AUDITED):
    file = io.BytesIO()
    write_page(found, hits, parts or [Part("jam", "0", "question", "Find the jam.")], file)
    return file.getvalue().decode()


def test_items_and_documents_stand_side_by_side_with_what_they_share():
    html = page([hit(url="https://x.example/1")])
    assert "<mark>Find the jam.</mark>" in html
    assert "<i>before </i><b><mark>find the jam</mark></b><i> after</i>" in html
    assert '<a href="https://x.example/1"' in html
    assert html.index("What each method can see") < html.index("Self-test</h2>") < html.index("<article")


def test_what_strangers_wrote_is_escaped():
    stranger = hit(HOSTILE, url=f"javascript:{HOSTILE}", span=HOSTILE, context=[HOSTILE, HOSTILE])
    found = Audited(
        {HOSTILE: AUDITED.benchmarks["jam"] | {"problems": [HOSTILE]}}, [HOSTILE], AUDITED.coverage,
        self_test=AUDITED.self_test,
    )  # fmt: skip
    html = page(
        [stranger | {"benchmark": HOSTILE, "item": HOSTILE}], [Part(HOSTILE, HOSTILE, "question", HOSTILE)], found
    )
    assert "<img" not in html
    assert html.count("<script>") == 1
    assert "javascript:" not in html
    assert HOSTILE.replace("<", "&lt;")[:8] in html


def test_the_page_needs_nothing_from_elsewhere():
    html = page([hit(url="https://x.example/1")])
    assert re.findall(r"<(?:link|img|iframe|script [^>]*src)", html) == []
    assert re.findall(r"@import|url\(", html) == []


def test_the_page_is_bounded_and_says_what_it_leaves_out():
    long = Part("jam", "0", "question", "jam " * MOST_CHARACTERS)
    html = page((hit(str(n)) for n in range(3 * MOST_SHOWN)), [long])
    assert html.count("<article") == MOST_SHOWN
    assert f"at most {MOST_SHOWN} of a benchmark" in html
    assert f"{3 * MOST_CHARACTERS:,} more characters" in html
    assert f"{50 - MOST_ODDITIES} more are in" in html


def test_a_page_without_hits_says_so():
    assert "<p>None.</p>" in page([])


def test_shares_and_figures_are_told():
    html = page([])
    assert "33.33 %" in html
    assert "1 of 2" in html
    assert "2 documents that the run has dropped were left out" in html


def test_the_surest_come_first_with_all_methods_that_found_them():
    hits = [hit("a", method="llemma-10", score=0.9), hit("a", score=0.6), hit("b", score=0.8), hit("c", score=0.7)]
    shown = surest(hits, each=2)
    assert [(one["document"], one["score"]) for one in shown] == [("b", 0.8), ("c", 0.7)]
    assert surest(hits[:2])[0]["methods"] == {"llemma-10": 0.9, "fuzzy": 0.6}


def test_never_many_more_hits_are_held_than_are_shown():
    alive, most = set(), 0

    class Span(str):
        def __del__(self):
            alive.discard(id(self))

    def hits():
        nonlocal most
        for number in range(1000):
            span = Span("x")
            alive.add(id(span))
            most = max(most, len(alive))
            yield hit(str(number), score=number / 1000, span=span)

    kept = surest(hits(), each=10)
    assert [one["document"] for one in kept] == [str(n) for n in range(999, 989, -1)]
    assert 20 <= most < 40


def test_a_benchmark_of_many_hits_leaves_room_for_others():
    hits = [*(hit(str(n), score=1.0) for n in range(9)), hit("last", score=0.4) | {"benchmark": "math"}]
    assert [one["document"] for one in surest(hits, each=2)] == ["0", "1", "last"]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [("find x now", "Find y NOW.", ["find", " now"]), ("", "x", []), ("a b", "a b", ["a b"]), (" ", "", [])],
)
def test_what_two_texts_share_in_their_order(left, right, same):
    mine, theirs = marked(left, right)
    assert "".join(one.text for one in mine) == left
    assert "".join(one.text for one in theirs) == right
    assert [one.text for one in mine if one.same] == same


def test_every_hit_is_counted_and_documents_once():
    hits = [hit("a"), hit("a", method="ngram-13"), hit("a", item="1"), hit("b"), hit("b", method="llemma-10")]
    counts = {row.method: (row.items, row.documents, row.hits) for row in counted(hits)}
    assert counts == {"llemma-10": (1, 1, 1), "ngram-13": (1, 1, 1), "fuzzy": (2, 2, 3), "own": (2, 2, 4)}


def test_recall_of_all_benchmarks_is_pooled_by_kind():
    assert pooled(RECALL) == [{"kind": "verbatim", "planted": 4, "visible": 4, "found": {"own": 3}}]


def test_what_is_written_as_json_is_read_again():
    assert from_json(as_json(AUDITED).encode()) == AUDITED


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")
def test_a_browser_filters_hits_and_runs_nothing_of_strangers(tmp_path):
    hits = [hit("a", score=0.9), hit("b", method="exact"), hit("c", score=0.1, span=HOSTILE) | {"benchmark": "math"}]
    choose = """<script>for (const [name, value] of [["benchmark", "jam"], ["method", "exact"]]) {
        form.elements[name].value = value;
        form.elements[name].dispatchEvent(new Event("change", {bubbles: true}));
    }</script>"""
    html = page(hits, [Part("jam", "0", "question", "jam"), Part("math", "0", "question", HOSTILE)])
    (tmp_path / "page.html").write_text(html.replace("</html>", f"{choose}</html>"), "utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    home = f"--user-data-dir={tmp_path}/home"
    url = (tmp_path / "page.html").as_uri()
    seen = subprocess.run([BROWSER, *flags, home, "--dump-dom", url], capture_output=True, text=True, timeout=60).stdout
    articles = re.findall(r"<article([^>]*)>", seen)
    assert [" hidden" in one for one in articles] == [True, False, True]
    assert "1 of 3 shown</output>" in seen
    assert "<title>Contamination audit</title>" in seen
