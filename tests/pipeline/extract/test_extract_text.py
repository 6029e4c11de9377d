"""The structure of a page, its furniture, its encoding, and pages made to do harm."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters import wordlist
from filters.document import Document, Drop
from pipeline.extract import ExtractError, extract
from pipeline.extract.filter import ExtractHtml
from pipeline.extract.mathml.tokens import FUNCTIONS, SYMBOLS


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
    "lines in a layout table": (
        "<table><tr><td><h2>a</h2><tr><td>int <td><a href=x>f</a> (int n)<tr><td><td>b<br></table>",
        "## a\n\nint f (int n)\n\nb",
    ),
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
    "inline code by its class": ("<p>run <span class='docutils literal'>a $b</span>", "run `a $b`"),
    "caption": (
        "<table><caption>c</caption><tr><th>n<th>a|b<tr><td>1<td>2</table>",
        "c\n\n| n | a\\|b |\n| --- | --- |\n| 1 | 2 |",
    ),
    "item numbers": ("<ol><li>a<li value=5>b<li>c</ol>", "1. a\n5. b\n6. c"),
    "definitions": ("<dl><dt>a<dd>b<p>c<dt>d<dd>More</dl>", "a\n\nb\n\nc\n\nd\n\nMore"),
    "definitions with types": ("<dl><dt>a<span class=classifier>int</span><dd>b</dl>", "a : int\n\nb"),
    "definitions with types and colons": (
        "<dl><dt>a <span class=classifier-delimiter>:</span> <span class=classifier>int</span><dd>b</dl>",
        "a : int\n\nb",
    ),
    "header of a note": ("<div class=admonition><header class=admonition-header>Note</header><p>a</div>", "Note\n\na"),
    "figure": ("<figure><img src=x alt=plot><figcaption>b</figcaption></figure>", "b"),
    "details": ("<details><summary>Proof</summary><p>b</details>", "Proof\n\nb"),
    "quoted source": ("<blockquote>a<footer>b</footer></blockquote><q>c</q>", "> a\n\n> b\n\n“c”"),
    "footnotes": (
        "<p>a<sup><a href=#f1>1</a></sup> b<a href=#f2><sup>2</sup></a><ol><li id=f1>c <a href=#r1>↩︎</a><li>d</ol>",
        "a[^1] b[^2]\n\n1. c\n2. d",
    ),
    "footnotes aside": ("<p>a<aside class='footnote brackets' role=doc-footnote>[1] b</aside>", "a\n\n[1] b"),
    "footnotes of a book": ("<p>a<aside epub:type=footnote role=doc-footnote id=fn1><p>b</aside>", "a\n\nb"),
    "footnotes of docutils": (
        "<p>a <a class='x brackets' href=#f>1</a>.<dl><dt class=label><b><a href=#i>1</a></b><dd><p>b<p>c</dl>",
        "a [1].\n\n[1] b\n\nc",
    ),
    "warning with a sign beside it": (
        "<table><tr><td rowspan=2><img src=x><th>Warning<tr><td>a</table>",
        "Warning\n\na",
    ),
    "blanks around inline code": ("<p><tt>a</tt><tt> => </tt>b", "`a` `=>` b"),
    "three line breaks": ("a<br> <br> <br>b", "a\n\nb"),
    "a heading of no word": ("a<h2>.</h2>b", "a\n\nb"),
    "a title in the body": ("<br>a<p><title>b</title><p>c", "a\n\nc"),
    "tooltips in code": ("<div class=fragment><div class=line>a</div><div class=ttc>b</div></div>", "```\na\n```"),
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


@pytest.mark.parametrize("word", wordlist.load("pipeline.extract.layout", "boilerplate.txt"))
def test_each_furniture_word_counts_as_class_and_id_but_not_within_a_word(word: str) -> None:
    name = word.removeprefix("=")
    assert text(f"<p>a<div class='x {name.upper()}'>b</div>") == "a"
    assert text(f"<p>a<div id='left-{name}_2'>b</div>") == "a"
    assert text(f"<p>a<div class='x{name}x'>b</div>") == "a\n\nb"
    assert text(f"<p>a<div class='has-{name}'>b</div>") == "a\n\nb"
    assert (text(f"<p>a<div class='my-{name}'>b</div>") == "a") == (name == word)


@pytest.mark.parametrize("name", wordlist.load("pipeline.extract.layout", "asides.txt"))
def test_each_content_word_keeps_what_stands_aside_or_is_folded_away(name: str) -> None:
    assert text(f"<p>a<aside class='x-{name}'>b</aside>") == "a\n\nb"
    assert text(f"<p>a<div hidden id='{name}'>b</div>") == "a\n\nb"
    assert text("<p>a<aside class='x'>b</aside><div hidden>b</div>") == "a"


@pytest.mark.parametrize("phrase", wordlist.load("pipeline.extract.layout", "phrases.txt"))
def test_each_phrase_goes_where_it_is_all_of_a_block(phrase: str) -> None:
    assert text(f"<p>a<div>» <a href=x>{phrase.title()}</a> …</div>") == "a"
    assert text(f"<p>a<div>{phrase} b</div>") == f"a\n\n{phrase} b"
    assert (text(f"<h1>a</h1><h2>{phrase}</h2>") == "# a") == (" " in phrase)


@pytest.mark.parametrize("opening", wordlist.load("pipeline.extract.layout", "openings.txt"))
def test_each_opening_goes_however_its_line_goes_on(opening: str) -> None:
    assert text(f"<p>a<div>{opening.title()}</div>") == "a"
    assert text(f"<h1>a</h1><h3>{opening.title()} of ours</h3><a href=x>b</a><p>c") == "# a\n\nc"
    assert text(f"<p>a<p>{opening} is what he said.") == f"a\n\n{opening} is what he said."
    assert text(f"<p>a<p>{opening}s") == f"a\n\n{opening}s"


@pytest.mark.parametrize(
    "furniture",
    ["<nav>b</nav>", "<footer>b</footer>", "<aside>b</aside>", "<header>b</header>", "<form>b</form>",
     "<button>b</button>", "<style>b</style>", "<script>b</script>", "<noscript>b</noscript>",
     "<select><option>b</select>", "<!-- b -->", "<p>This website uses cookies, see <a href=/>ours</a>.</p>",
     "<ul><li><a href='https://twitter.com/intent/tweet?u'>b</a><li><a href='mailto:?subject=c'>c</a></ul>",
     "<div hidden>b</div>", "<div style='display: none'>b</div>", "<div style='color:red;VISIBILITY:hidden'>b</div>",
     "<div role=navigation>b</div>", "<ul>" + "<li><a href=/>b b</a>" * 4 + "</ul>", "<template>b</template>"],
)  # fmt: skip
def test_furniture_goes(furniture: str) -> None:
    assert text(f"<p>a</p>{furniture}") == "a"


PROSE = "The sum of two even numbers is even. " * 30


def test_content_stays_whatever_its_wrapper_is_called() -> None:
    for tag in ("div class=widget-area", "form", "noscript", "div class='sidebar menu'", "section role=navigation"):
        assert text(f"<p>a<{tag}>{PROSE}</{tag.split()[0]}>") == f"a\n\n{PROSE.strip()}"
    assert text("<body class=menu><header><h1>Title</h1><nav>b</nav></header>a") == "# Title\n\na"
    assert text("<div class=toolbar><pre>a = 1</pre></div>") == "```\na = 1\n```"
    assert text("<main class=no-footer>a</main>") == "a"


def test_an_article_is_all_of_a_page_where_it_holds_nearly_all_of_its_text() -> None:
    article = f"<article><p>{PROSE}</article>"
    assert text(f"<div>b<p>c</div>{article}<div><h2>d</h2><p>e</div>") == PROSE.strip()
    assert text(f"<main>b{article}</main>") == PROSE.strip()
    assert text(f"<div><h1>b</h1>{article}<p>c</div>") == f"# b\n\n{PROSE.strip()}"
    for kept in (PROSE, "<pre>b = 1</pre>", "<math><mi>b</mi></math>", "<div class=comment>b</div>", article):
        assert "\n\n" in text(f"{article}<div>{kept}</div>")
    assert "# c" in text(f"<h1>b</h1><h1>c</h1>{article}")
    assert text(f"{article}<article>b</article>").endswith("\n\nb")


@pytest.mark.parametrize("start", ["div id=header", "div id=Masthead", "header class=site-header", "header role=x"])
def test_the_header_of_a_site_goes_where_the_page_has_a_title_of_its_own(start: str) -> None:
    header = f"<{start}><h1>b</h1><p>c</p><nav>d</nav></{start.split()[0]}>"
    assert text(f"{header}<h1>a</h1><p>{PROSE}") == f"# a\n\n{PROSE.strip()}"
    assert text(f"{header}<p>{PROSE}").startswith("# b\n")
    assert text(f"<header id=title-block-header><h1>a</h1></header><h1>b</h1><p>{PROSE}").startswith("# a\n\n# b")


def test_a_banner_of_cookies_is_furniture_even_where_it_is_most_of_the_page() -> None:
    assert text(f"<p>{PROSE[:300]}</p><div class=cookie-consent>{PROSE}</div>") == PROSE[:300].strip()


def test_only_the_main_element_is_read_where_it_holds_the_text() -> None:
    html = f"<h1>a</h1><p>b</p><main><p>{PROSE}</p></main><p>c</p>"
    assert text(html) == f"# a\n\n{PROSE.strip()}"
    assert text(f"<p>{PROSE}</p><main>b</main>") == f"{PROSE.strip()}\n\nb"
    assert text("<main role=main>a</main>") == "a"


def test_names_are_not_believed_where_they_would_leave_nothing() -> None:
    posts = "".join(f"<div class=edit-post-popup><p>{PROSE}</div>" for _ in range(3))
    assert text(f"<div class=x>a</div>{posts}").count("even.") == 90
    assert text(f"<div class=modal-enabled><p>{PROSE}</div><p>{PROSE}{PROSE}{PROSE}").count("even.") == 120


def test_ids_made_of_titles_are_no_names_of_furniture() -> None:
    assert text("<section id=actions><h2>Actions</h2>a</section>") == "## Actions\n\na"
    assert text("<section id=related-work><h2>Related work</h2>a</section>") == "## Related work\n\na"


@pytest.mark.parametrize(
    "line",
    ["© 2023 A. Author", "Copyright (c) 2020 by A", "Powered by Discourse 3.1", "Proudly powered by WordPress",
     "Created using Sphinx 4.2.", "This page was last edited on 2 June 2023", "Some Name. All rights reserved.",
     "<a href=a>Previous</a> | <a href=b>Up</a> | <a href=c>Next</a>", "Share this: <a href=a>X</a> <a href=b>Y</a>",
     "Next: <a href=a>Sums in General</a>, Up: <a href=b>Series</a> [<a href=c>Contents</a>]",
     "[ <a href=a>Back to the pages</a> | <a href=b>Mail the author</a> ]<br>Best viewed with eyes.",
     "<a href=#top>¶</a>", "<a href=x.html#top>#</a>", "<a rel=next href=b>Some title of a page</a>"],
)  # fmt: skip
def test_lines_that_are_furniture_as_a_whole(line: str) -> None:
    assert text(f"<h1>a</h1><p>b</p><p>{line}</p>") == "# a\n\nb"


@pytest.mark.parametrize(
    "line",
    ["Powered flight began in 1903.", "The generated subgroup", "Copyright is a right of authors.", "More",
     "See [lemma 1](a) and [lemma 2](b).", "enum [A_B_C](a) { [D_E_F](b) , [G_H_I](c) }",
     "The © sign", "Next, let x be a number."],
)  # fmt: skip
def test_lines_that_only_begin_like_furniture_stay(line: str) -> None:
    linked = re.sub(r"\[(.*?)\]\((.*?)\)", r"<a href=\2>\1</a>", line)
    assert text(f"<p>b</p><p>{linked}</p>") == "b\n\n" + re.sub(r"\[(.*?)\]\(.*?\)", r"\1", line)


def test_bars_above_the_title_go_and_prose_stays() -> None:
    assert text("<div>My site</div><div>Log in</div><h1>a</h1>b") == "# a\n\nb"
    assert text(f"<div>My site</div><p>{PROSE}</p><h1>a</h1>b") == f"{PROSE.strip()}\n\n# a\n\nb"


def test_a_heading_goes_with_the_furniture_it_stood_over() -> None:
    assert text("<h1>a</h1>b<h2>Ähnliche</h2><ul class=related-posts><li>c</ul><h2>d</h2>e") == "# a\n\nb\n\n## d\n\ne"
    assert text("<h1>a</h1>b<h2>c</h2><h2>d</h2>") == "# a\n\nb\n\n## c\n\n## d"


def test_lists_of_links_are_menus_if_short_or_within_the_page_and_reading_lists_if_not() -> None:
    long = "".join(f"<li><a href=/{n}>A long title of a paper about the number {n}</a>" for n in range(5))
    inner = "".join(f"<li><a href=#{n}>A long title of a section about the number {n}</a>" for n in range(5))
    assert text(f"<p>a<ul>{long}</ul>").count("- A long title") == 5
    assert text(f"<p>a<ul>{inner}</ul>") == "a"


def test_a_table_of_contents_goes_with_the_links_above_its_lists() -> None:
    labels = "".join(f"<li><a href=/{n}>f{n}</a>" for n in range(5))
    sections = "".join(f"<div><a href=c#{n}>1.{n} A section</a><ul>{labels}</ul></div>" for n in range(2))
    contents = f"<div><a href=c>1 The chapter with a long title of its own</a>{sections}</div><p>text"
    assert text(contents) == "text"
    assert text(f"<div><h2><a href=x>The title</a></h2><ul>{labels}</ul></div><p>text") == "## The title\n\ntext"


def test_lists_of_links_stay_where_a_sentence_introduces_them() -> None:
    menu = "".join(f"<li><a href=/{n}>f{n}</a>" for n in range(5))
    sentence = "The functions of the package that compute statistics of a sample are these:"
    assert text(f"<p>{sentence}<ul>{menu}</ul>").count("- f") == 5
    assert text(f"<p>Links:<ul>{menu}</ul>") == "Links:"


def test_a_heading_may_be_a_link_to_itself() -> None:
    anchor = "<a class=heading-anchor href=#b>b</a><a id=b-1></a><a class=permalink href=#b></a>"
    assert text(f"<p>a<h2 id=b>{anchor}</h2>c") == "a\n\n## b\n\nc"


def test_what_is_folded_away_comes_out() -> None:
    html = "<button class=accordion>a</button><div class=panel-collapse hidden>b</div><h3><button>c</button></h3>d"
    assert text(html) == "a\n\nb\n\n### c\n\nd"


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
        "<div class=menu><p>aaaa bbbb " * 500 + "lorem ipsum " * 300_000,
        "<div class=sidebar>" * 500 + "<pre>a b</pre>" * 100_000,
        "<img src='" + "chart.googleapis.com/chart?" * 20_000 + "'>",
    ],
    ids=["parens", "dollars", "environments", "tags", "lists", "comments", "menus", "code", "address"],
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
