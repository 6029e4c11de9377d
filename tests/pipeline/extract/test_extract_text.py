"""The structure of a page, its furniture, its encoding, and pages made to do harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import wordlist
from filters.document import Document, Drop
from pipeline.extract import ExtractError, extract
from pipeline.extract.filter import ExtractHtml
from pipeline.extract.tokens import FUNCTIONS, SYMBOLS


def text(html: str) -> str:
    return extract(html.encode(), "utf-8").text


STRUCTURE = {
    "headings": ("<h1>One</h1><p>a</p><h3>Three <i>x</i></h3>b", "# One\n\na\n\n### Three x\n\nb"),
    "paragraphs": ("<p>a\n b<p>c<br>d<div>e</div>f", "a b\n\nc\nd\n\ne\n\nf"),
    "list": ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c"),
    "numbered list": ("<ol start=3><li><p>a</p><li>b</ol>", "3. a\n4. b"),
    "quote": ("<blockquote><p>a<br>b</blockquote>c", "> a\n> b\n\nc"),
    "table": ("<table><tr><th>a<th>b<tr><td>1<td>2<br>3</table>", "| a | b |\n| --- | --- |\n| 1 | 2 3 |"),
    "layout table": ("<table><tr><td><h2>a</h2><td><p>b</table>", "## a\n\nb"),
    "equation table": ("<table><tr><td>a<td>(1)</table>", "a (1)"),
    "huge colspan": ("<table><tr><td colspan=1000000000>a<td>b<tr><td>c</table>", "| a | b |\n| --- | --- |\n| c |"),
    "code": (
        "<pre><code class='language-Python'>def f():\n    return '$5 \\(x\\)'\n</code></pre>",
        "```python\ndef f():\n    return '$5 \\(x\\)'\n```",
    ),
    "code with fences": ("<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````"),
    "code lines": ("<pre><span class=lineno>1</span>a<br>b<div>  c</div></pre>", "```\na\nb\n  c\n```"),
    "doxygen code": ("<div class=fragment><div class=line>a</div><div class=line> b</div></div>", "```\na\n b\n```"),
    "code in a list": ("<ul><li>a<pre>x\n y</pre></ul>", "- a\n  ```\n  x\n   y\n  ```"),
    "inline code": ("<p>run <code>a  b</code> and <code>`c`</code>", "run `a b` and `` `c` ``"),
    "powers": ("<p>x<sup>2</sup> + a<sub>ij</sub> + 2<sup>n+1</sup>", "x^2 + a_ij + 2^{n+1}"),
    "ordinals and notes": ("<p>the 5<sup>th</sup> case<sup><a href='#1'>[1]</a></sup>", "the 5th case[1]"),
}


@pytest.mark.parametrize(("html", "expected"), STRUCTURE.values(), ids=STRUCTURE.keys())
def test_structure_is_kept(html: str, expected: str) -> None:
    assert text(html) == expected


@pytest.mark.parametrize(
    "line",
    ["Quadratic functions", "Gradient descent", "Task analysis", "Answers", "Addition facts.", "Read the proof."],
)
def test_no_line_goes_for_a_word_in_it(line: str) -> None:
    assert text(f"<h2>{line}</h2><p>{line}") == f"## {line}\n\n{line}"


@pytest.mark.parametrize("word", wordlist.load("pipeline.extract", "boilerplate.txt"))
def test_each_furniture_word_counts_as_class_and_id_but_not_within_a_word(word: str) -> None:
    name = word.removeprefix("=")
    assert text(f"<p>a<div class='x {name.upper()}'>b</div>") == "a"
    assert text(f"<p>a<div id='left-{name}_2'>b</div>") == "a"
    assert text(f"<p>a<div class='x{name}x'>b</div>") == "a\n\nb"
    assert text(f"<p>a<div class='has-{name}'>b</div>") == "a\n\nb"
    assert (text(f"<p>a<div class='my-{name}'>b</div>") == "a") == (name == word)


@pytest.mark.parametrize("name", wordlist.load("pipeline.extract", "asides.txt"))
def test_each_content_word_keeps_what_stands_aside_or_is_folded_away(name: str) -> None:
    assert text(f"<p>a<aside class='x-{name}'>b</aside>") == "a\n\nb"
    assert text(f"<p>a<div hidden id='{name}'>b</div>") == "a\n\nb"
    assert text("<p>a<aside class='x'>b</aside><div hidden>b</div>") == "a"


@pytest.mark.parametrize("phrase", wordlist.load("pipeline.extract", "phrases.txt"))
def test_each_phrase_goes_where_it_is_all_of_a_block(phrase: str) -> None:
    assert text(f"<p>a<div>» <a href=x>{phrase.title()}</a> …</div>") == "a"
    assert text(f"<p>a<div>{phrase} b</div>") == f"a\n\n{phrase} b"
    assert (text(f"<h1>a</h1><h2>{phrase}</h2>") == "# a") == (" " in phrase)


@pytest.mark.parametrize(
    "furniture",
    ["<nav>b</nav>", "<footer>b</footer>", "<aside>b</aside>", "<header>b</header>", "<form>b</form>",
     "<button>b</button>", "<style>b</style>", "<script>b</script>", "<noscript>b</noscript>",
     "<select><option>b</select>", "<!-- b -->",
     "<div hidden>b</div>", "<div style='display: none'>b</div>", "<div style='color:red;VISIBILITY:hidden'>b</div>",
     "<div role=navigation>b</div>", "<ul>" + "<li><a href=/>b b</a>" * 4 + "</ul>", "<template>b</template>"],
)  # fmt: skip
def test_furniture_goes(furniture: str) -> None:
    assert text(f"<p>a</p>{furniture}") == "a"


def test_content_stays_whatever_its_wrapper_is_called() -> None:
    prose = "The sum of two even numbers is even. " * 150
    assert text(f"<div class=widget>{prose}</div>") == prose.strip()
    assert text(f"<form>{prose}</form>") == prose.strip()
    assert text("<body class=menu><header><h1>Title</h1><nav>b</nav></header>a") == "# Title\n\na"


def test_a_list_of_linked_formulas_is_no_menu() -> None:
    items = "".join(f"<li><a href=/>theorem \\(x_{n}\\)</a>" for n in range(4))
    assert text(f"<script src=MathJax.js></script><ul>{items}</ul>").count("$") == 8


@pytest.mark.parametrize(("char", "tex"), SYMBOLS.items())
def test_each_symbol_is_written_in_tex(char: str, tex: str) -> None:
    assert text(f"<math><mo>{char}</mo><mi>x</mi></math>") == f"${tex}{' ' if tex[-1].isalpha() else ''}x$"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_is_a_command(name: str) -> None:
    assert text(f"<math><mi>{name}</mi><mi>x</mi></math>") == f"$\\{name} x$"


@pytest.mark.parametrize(
    ("raw", "charset", "expected"),
    [
        ("<p>é".encode("latin-1"), "ISO-8859-1", "cp1252"),
        ("<p>é".encode(), "utf-8", "utf-8"),
        (b"\xef\xbb\xbf<p>\xc3\xa9", None, "utf-8"),
        (b"\xff\xfe" + "<p>é".encode("utf-16-le"), None, "utf-16-le"),
        (b'<meta charset="windows-1252"><p>\xe9', None, "cp1252"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'><p>\xe9", None, "cp1252"),
        ("<p>é".encode(), None, "utf-8"),
        ("<p>é".encode(), "no-such-charset", "utf-8"),
    ],
)
def test_encodings(raw: bytes, charset: str | None, expected: str) -> None:
    page = extract(raw, charset)
    assert (page.text, page.charset) == ("é", expected)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (b"x" * 10_000_001, "too-large"),
        (b"<p>" * 300_001, "too-many-tags"),
        (b"<div>" * 100_000, "too-deep"),
        (b"</div>" * 50_000 + b"<div>" * 50_000, "too-deep"),
        (b"<svg><template>" * 20_000, "too-deep"),
        (b"<div " + b" ".join(b"a%d=1" % n for n in range(200_000)) + b">", "too-many-attributes"),
    ],
)
def test_harmful_pages_are_refused_before_parsing(html: bytes, reason: str) -> None:
    outcome = ExtractHtml()(Document("a", "web", raw=html))
    assert isinstance(outcome, Drop)
    assert (outcome.rule, outcome.reason) == ("extract", reason)


@pytest.mark.parametrize(
    "html",
    [
        "\\(" * 100_000,
        "$" * 100_000,
        "\\begin{cases}" * 20_000,
        "[tex]" * 50_000,
        "<ul><li>" * 400 + "x<br>" * 2000,
        "<script type=math/tex>" + "%" * 500_000 + "</script>",
        "<img src='" + "chart.googleapis.com/chart?" * 20_000 + "'>",
    ],
    ids=["parens", "dollars", "environments", "tags", "lists", "comments", "address"],
)
def test_hostile_repetition_costs_no_more_than_its_length(html: str) -> None:
    start = time.process_time()
    assert len(text("<script src=MathJax.js></script>" + html)) < 3 * len(html) + 100_000
    assert time.process_time() - start < 5


def test_scripts_and_flat_pages_are_not_deep() -> None:
    assert text("<p>a<br>" * 5000 + "<script>" + "'<div>'+" * 5000 + "</script>").startswith("a\n")


def test_the_filter_fills_the_document() -> None:
    html = "<script src=MathJax.js></script><p>é \\(x\\)".encode("latin-1")
    outcome = ExtractHtml()(Document("a", "web", raw=html, meta={"charset": "latin1", "status": 200}))
    assert isinstance(outcome, Document)
    assert (outcome.text, outcome.raw) == ("é $x$", b"")
    assert outcome.meta == {"status": 200, "charset": "cp1252", "extraction": {"delimiter": 1}}


def test_an_empty_page_is_refused() -> None:
    outcome = ExtractHtml()(Document("a", "web", raw=b"<p> <nav>x</nav>"))
    assert isinstance(outcome, Drop)
    assert outcome.reason == "empty"


TAGS = st.sampled_from(
    ["p", "div", "ul", "ol", "li", "table", "tr", "td", "th", "pre", "code", "math", "mfrac", "msup", "mtable", "mtr",
     "mover", "mmultiscripts", "h1", "blockquote", "a", "sup", "span", "script", "form", "header", "svg", "template",
     "frameset", "select", "dl", "dt"]
)  # fmt: skip
CLASSES = st.sampled_from(
    ["", "katex", "katex-display", "MathJax", "math", "menu", "math-container", "mwe-math-element"]
)
PIECES = st.one_of(
    st.builds("<{} class='{}'>".format, TAGS, CLASSES),
    st.builds("</{}>".format, TAGS),
    st.text(max_size=5),
    st.sampled_from(["$x$", "\\[", "&#xD800;", "&#xE000;7&#xE001;", "\ue0000\ue001", "\x00", "\v"]),
)


@given(
    st.one_of(st.binary(), st.lists(PIECES, max_size=30).map(lambda pieces: "".join(pieces).encode("utf-8", "replace")))
)
def test_nothing_but_extract_error_is_raised(html: bytes) -> None:
    try:
        page = extract(html)
    except ExtractError:
        return
    assert page == extract(html)
    page.text.encode()
    assert not any(private in page.text for private in "\ue000\ue001\ue002\x00")
