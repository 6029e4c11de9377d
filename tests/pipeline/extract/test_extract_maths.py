"""One small page per way of writing mathematics, with the text it must give, checked by hand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import extract

MATHJAX = '<html><head><script src="MathJax.js"></script></head><body>'


def text(body: str, head: str = MATHJAX) -> str:
    return extract((head + body).encode(), "utf-8").text


MARKUPS = {
    "paren": (r"<p>Let \(x^2\) be.", "Let $x^2$ be."),
    "bracket": (r"<p>Then \[ x = 1 \] holds.", "Then $$x = 1$$ holds."),
    "double dollar": ("<p>$$a+b$$", "$$a+b$$"),
    "dollar": ("<p>For $n$ and $n+1$.", "For $n$ and $n+1$."),
    "across inline tags": ("<p>$x_<em>1</em> y_2$", "$x_1 y_2$"),
    "inner dollars": (r"<p>$$a \text{ if $b$}$$", r"$$a \text{ if \(b\)}$$"),
    "align": (
        r"<p>\begin{align*} a &amp;= b \\ c &amp;= d \end{align*}",
        r"$$\begin{align*} a &= b \\ c &= d \end{align*}$$",
    ),
    "aligned within": (r"<p>\[\begin{aligned} a\\b \end{aligned}\]", r"$$\begin{aligned} a\\b \end{aligned}$$"),
    "cases in cases": (
        r"<p>\begin{cases}\begin{cases}a\end{cases}\\b\end{cases}!",
        r"$$\begin{cases}\begin{cases}a\end{cases}\\b\end{cases}$$!",
    ),
    "tex tag": ("<p>[tex]a^2[/tex]", "$$a^2$$"),
    "itex tag": ("<p>so [itex]a^2[/itex]", "so $a^2$"),
    "math tag": ("<p>so [math]a^2[/math]", "so $a^2$"),
    "latex tag": ("<p>so [latex]a^2[/latex]", "so $a^2$"),
    "help of R": ("<p>a <code class=reqn>b</code><p><code class=reqn>x &lt; 2</code></p>", "a $b$\n\n$$x < 2$$"),
    "docutils as LaTeX": ("<p>a</p><pre class=math>\nb\n</pre><pre class=latex>c</pre>", "a\n\n$$b$$\n\n```\nc\n```"),
    "image beside its script": (
        "<p>a <span class=tex><span class=texImage><img alt='$x$'></span><script type='math/tex'>x</script></span>",
        "a $x$",
    ),
    "image without script": ("<p>a <span class=texImage><img alt='$x$'></span>", "a $x$"),
    "signs of TeX's alphabet": ("<p>a <span class=math><i>A</i> ∩ <i>B</i></span>", r"a $A\cap B$"),
    "numbers": ("<p>a <span class=math>2005</span> and <span class=math>12.5k</span>", "a $2005$ and $12.5k$"),
    "dollars in a formula": (r"<p>a <span class=tex>40p-\$2p</span>", r"a $40p-\$2p$"),
    "Reddit's TeX the World": ("<p>a [; b ;] and [;c_1;]", "a $b$ and $c_1$"),
    "math.now.sh": ("<p>a <img src='https://math.now.sh?inline=b%5E2'> c", "a $b^2$ c"),
    "Brainly": ("<p>a <img src='https://tex.z-dn.net/?f=ABC' alt=ABC> c", "a $ABC$ c"),
    "formula of HTML on its own line": (
        "<p>a<dl><dd><span class=texhtml><i>x</i><sup>2</sup></span></dl><p>b <span class=texhtml><i>x</i></span>",
        "a\n\n$$x^{2}$$\n\nb $x$",
    ),
    "a bullet": ("<p>a <math><mi>f</mi><mo>∙</mo><mi>g</mi></math> b", r"a $f\bullet g$ b"),
    "script": ('<p>a <script type="math/tex">x</script>', "a $x$"),
    "script display": ('<p>a <script type="math/tex; mode=display">x % note\n<y</script>', "a $$x <y$$"),
    "mathjax 2 rendered": (
        (
            '<p>a <span class="MathJax_Preview">x2</span><span class="MathJax"><span>x</span><span>2</span></span>'
            '<script type="math/tex">x^2</script> b'
        ),
        "a $x^2$ b",
    ),
    "mathjax 2 without script": (
        (
            '<p>a <span class="MathJax" data-mathml="&lt;math&gt;&lt;mi&gt;x&lt;/mi&gt;&lt;/ma'
            'th&gt;"><span>x</span></span>'
        ),
        "a $x$",
    ),
    "mathjax 3": (
        (
            '<p>a <mjx-container display="true"><mjx-math><mjx-mi>x</mjx-mi></mjx-math><mj'
            "x-assistive-mml><math><msup><mi>x"
            "</mi><mn>2</mn></msup></math></mjx-assistive-mml></mjx-container>"
        ),
        "a $$x^{2}$$",
    ),
    "katex": (
        (
            '<p>a <span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation encoding='
            '"application/x-tex">x_1</annotation></semantics></math></span><span class="ka'
            'tex-html" aria-hidden="true">x1'
            "</span></span> b"
        ),
        "a $x_1$ b",
    ),
    "katex display": (
        (
            '<span class="katex-display"><span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi>'
            '<annotation encoding="application/x-tex">x_1</annotation></semantics></math></span></span></span>'
        ),
        "$$x_1$$",
    ),
    "csdn": (
        (
            '<span class="katex"><span class="katex-mathml">\n\n x\n\n\n 1\n\n\n\n x_1\n\n'
            '</span><span class="katex-html">x1'
            "</span></span>"
        ),
        "$x_1$",
    ),
    "alttext": (r'<p><math alttext="\frac{a}{b}" display="block"><mi>z</mi></math>', r"$$\frac{a}{b}$$"),
    "wikipedia": (
        (
            '<p>a <span class="mwe-math-element"><span style="display: none;"><math alttex'
            't="{\\displaystyle x}"><mi>x</mi>'
            '</math></span><img class="mwe-math-fallback-image-inline" alt="{\\displaystyle x}"></span>'
        ),
        "a $x$",
    ),
    "math container": ('<p>a <span class="math-container">$x$</span>', "a $x$"),
    "math container display": ('<p><span class="math-container">$$x$$</span>', "$$x$$"),
    "pandoc": (r'<p><span class="math display">\[x+1\]</span>', "$$x+1$$"),
    "sphinx": (
        r'<div class="math notranslate">\[\begin{split}a\\b\end{split}\]</div>',
        r"$$\begin{split}a\\b\end{split}$$",
    ),
    "without delimiters": (
        r'<p>a <span class="Math">\alpha_1</span><div class="math">\beta</div>b',
        "a $\\alpha_1$\n\n$$\\beta$$\n\nb",
    ),
    "imgmath of several lines": (
        '<div class=math><p><img src="_images/math/0.png" alt="f(x) = \\pi\n\nx_0 = 0"></p></div>',
        r"$$\begin{aligned} f(x) = \pi \\ x_0 = 0 \end{aligned}$$",
    ),
    "imgmath": ('<p>a <img class="math" src="_images/math/0.png" alt="x^2"> b', "a $x^2$ b"),
    "latex2html": (r'<p>a <img src="img1.png" alt="$\displaystyle x^2$"> b', r"a $\displaystyle x^2$ b"),
    "doxygen": (r'<p>a <img class="formulaDsp" alt="\[ x^2 \]" src="form_1.png"> b', "a $$x^2$$ b"),
    "other images": ('<p>a <img alt="$5 bill" src="5.png"><img alt="$x$ and $y$" src="p.png"> b', "a b"),
    "line ends in an image": ('<p>a <img class="tex" alt="&lt;br /&gt;x%1&lt;br /&gt;= y">', "a $x = y$"),
    "a tuple": ("<p>Of $(i,~ p,~ r)$ and $n ≤ 13$.", "Of $(i,~ p,~ r)$ and $n ≤ 13$."),
    "wordpress": (
        '<p>a <img src="https://s0.wp.com/latex.php?latex=x%5E2&amp;bg=ffffff" alt="x^2" class="latex">',
        "a $x^2$",
    ),
    "codecogs": (r'<p>a <img src="https://latex.codecogs.com/gif.latex?\dpi{120}&space;x%5E2">', "a $x^2$"),
    "mimetex": (r'<p>a <img src="/cgi-bin/mimetex.cgi?x%5E2">', "a $x^2$"),
    "mathtex": (r'<p>a <img src="/cgi-bin/mathtex.cgi?\frac12" alt="?">', r"a $\frac12$"),
    "chart": ("<p>a <img src='https://chart.googleapis.com/chart?cht=tx&chl=x%5E2'>", "a $x^2$"),
    "distill": (r"<p>a <d-math>\alpha</d-math><d-math block>b</d-math>", r"a $\alpha$ $$b$$"),
}


@pytest.mark.parametrize(("body", "expected"), MARKUPS.values(), ids=MARKUPS.keys())
def test_each_markup_comes_out_once(body: str, expected: str) -> None:
    assert text(body) == expected


def test_info_counts_formulas_by_markup() -> None:
    page = extract((MATHJAX + r'<p>\(a\) $b$<script type="math/tex">c</script><math><mi>d</mi></math>').encode())
    assert page.info == {"delimiter": 2, "script": 1, "mathml/converted": 1}


MONEY = (
    "It costs $5 and $10.",
    "It costs $5, or $10 later.",
    "From $1,000 to $2,500 a year.",
    "Between $5-$10 each.",
    "A $3 million budget, a $4 million debt.",
    "US$ 5 and US$ 6",
    "prices ($5 each, $6 together)",
    "either $5) or $6",
    "$5 + tax; $6 net",
)


@pytest.mark.parametrize("line", MONEY)
def test_money_stays_money(line: str) -> None:
    assert text(f"<p>{line}", head="") == line.replace("$", r"\$")
    assert text(f"<p>{line} <p>\\(x\\)") == line.replace("$", r"\$") + "\n\n$x$"
    assert text(f"<p>{line} With $x^2$.") == line.replace("$", r"\$") + " With $x^2$."


def test_dollars_are_plain_where_the_configuration_says_so() -> None:
    head = "<script>MathJax = {tex: {inlineMath: [['\\\\(', '\\\\)']]}}</script>"
    assert text(r"<p>$HOME_X$ and \(x\)", head) == r"\$HOME_X\$ and $x$"


def test_escaped_dollars_and_code_are_no_delimiters() -> None:
    assert text(r"<p>\$5 for \(x\) <code>$y$ \(z\)</code>") == r"\$5 for $x$ `$y$ \(z\)`"


MATHML = {
    "<mfrac><mi>a</mi><mi>b</mi></mfrac>": r"\frac{a}{b}",
    "<msub><mi>x</mi><mn>1</mn></msub>": "x_{1}",
    "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>": "x_{1}^{2}",
    "<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt>": r"\sqrt{x+1}",
    "<mroot><mi>x</mi><mn>3</mn></mroot>": r"\sqrt[3]{x}",
    "<mover><mi>x</mi><mo>¯</mo></mover>": r"\bar{x}",
    "<munderover><mo>&sum;</mo><mi>i</mi><mi>n</mi></munderover><mi>x</mi>": r"\sum_{i}^{n}x",
    "<munder><mi>lim</mi><mi>n</mi></munder><mi>x</mi>": r"\lim_{n}x",
    "<mi>&alpha;</mi><mi>x</mi><mo>&le;</mo><mo>&#x2062;</mo><mn>5</mn>": r"\alpha x\leq5",
    "<mi>sin</mi><mi>x</mi>": r"\sin x",
    "<mi>ℝ</mi><mi>𝑥</mi><mi>𝐯</mi>": r"\mathbb{R}x\mathbf{v}",
    "<mo>(</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable><mo>)</mo>": (
        r"\begin{pmatrix} a & b \end{pmatrix}"
    ),
    "<mo>{</mo><mtable><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr></mtable>": (
        r"\begin{cases} a \\ b \end{cases}"
    ),
    "<mfenced><mi>a</mi><mi>b</mi></mfenced>": "(a,b)",
    "<mi>x</mi><mtext>&nbsp;if 5% </mtext>": r"x\text{ if 5\% }",
    "<mmultiscripts><mi>C</mi><mi>k</mi><none/><mprescripts/><mi>n</mi><none/></mmultiscripts>": "{}_{n}C_{k}",
    "<msup><mi>f</mi><mo>′</mo></msup>": "f'",
    "<msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>2</mn></msup>": "(a)^{2}",
}


@pytest.mark.parametrize(("source", "tex"), MATHML.items())
def test_mathml_is_converted(source: str, tex: str) -> None:
    assert text(f"<p><math>{source}</math>") == f"${tex}$"
    assert text(f'<p><math display="block" class="a">{source}</math>') == f"$${tex}$$"


def test_mathml_nested_without_end_is_bounded() -> None:
    assert "x" in text("<p><math>" + "<mrow>" * 500 + "<mi>x</mi>")


def unbalanced(markdown: str) -> list[str]:
    """The paragraphs outside code in which the dollars of a formula do not pair."""
    markdown = re.sub(r"(?s)(`+).*?\1", "", markdown)
    bad = []
    for block in markdown.split("\n\n"):
        open_with = ""
        for token in re.findall(r"\\.|\$\$|\$", block, re.DOTALL):
            if token[0] == "$":
                open_with = "" if open_with == token else open_with or token
        if open_with:
            bad.append(block)
    return bad


FRAGMENTS = st.sampled_from(
    ["$", "$$", "\\(", "\\)", "\\[", "\\]", "\\", "\\$", "x", " ", "5", "and", "^2", "{", "}", "<br>", "<p>", "<b>",
     "</b>", "\\begin{align}", "\\end{align}", "[tex]", "[/tex]", "<script type='math/tex'>a$b</script>",
     "<math><mo>$</mo></math>", "<span class=math-container>$x$", "</span>", "\\text{", "%", "<td>", "<li>", "</table>",
     "<table>", "<tr>"]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_dollars_are_balanced(body: str) -> None:
    page = extract((MATHJAX + "<p>" + body).encode())
    formulas = sum(count for kind, count in page.info.items() if not kind.endswith("/refused"))
    assert formulas == 0 or unbalanced(page.text) == []
