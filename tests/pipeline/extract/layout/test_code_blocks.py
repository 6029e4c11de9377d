"""Code as highlighters, editors, notebooks and documentation tools put it on pages."""

from __future__ import annotations

import pytest

from pipeline.extract import extract


def text(html: str) -> str:
    return extract(html.encode(), "utf-8").text


CODE = {
    "pygments table": (
        (
            '<div class="highlight-python notranslate"><table class="highlighttable"><tr><td class="linenos">'
            '<div class="linenodiv"><pre><span class="normal">1</span>\n<span class="normal">2</span></pre></div>'
            '</td><td class="code"><div class="highlight"><pre><span></span><span class="k">def</span> f():\n    '
            '<span class="k">return</span> <span class="s">"$5 \\(x\\)"</span>\n</pre></div></td></tr></table></div>'
        ),
        '```\ndef f():\n    return "$5 \\(x\\)"\n```',
    ),
    "line numbers beside": (
        (
            '<table><tr><td class="rouge-gutter gl"><pre>1\n2\n</pre></td><td class="rouge-code">'
            "<pre>a = 1\n\tb</pre></td></tr></table><pre>1\n2</pre>"
        ),
        "```\na = 1\n\tb\n```\n\n```\n1\n2\n```",
    ),
    "a file of GitHub": (
        (
            '<table class="highlight js-file-line-container"><tr><td id="L1" class="blob-num"></td>'
            '<td class="blob-code js-file-line">import <span>os</span></td></tr><tr><td class="blob-num">2</td>'
            '<td class="blob-code js-file-line">    print("$x$")</td></tr></table>'
        ),
        '```\nimport os\n    print("$x$")\n```',
    ),
    "sphinx": (
        (
            '<div class="highlight-default notranslate"><div class="highlight"><pre>a = 1\n</pre></div></div>'
            '<div class="highlight-python3 notranslate"><div class="highlight"><button class="copybtn">Copy'
            "</button><pre>b = 1\n</pre></div></div>"
        ),
        "```\na = 1\n```\n\n```python\nb = 1\n```",
    ),
    "rouge": (
        (
            '<div class="language-ruby highlighter-rouge"><div class="highlight"><pre class="highlight"><code>'
            '<table class="rouge-table"><tbody><tr><td class="rouge-gutter gl"><pre class="lineno">1\n2\n</pre>'
            '</td><td class="rouge-code"><pre><span class="n">puts</span> 1\n  x\n</pre></td></tr></tbody></table>'
            "</code></pre></div></div>"
        ),
        "```ruby\nputs 1\n  x\n```",
    ),
    "chroma": (
        (
            '<div class="highlight"><div class="chroma"><table class="lntable"><tr><td class="lntd">'
            '<pre tabindex="0" class="chroma"><code><span class="lnt">1\n</span><span class="lnt">2\n</span>'
            '</code></pre></td><td class="lntd"><pre tabindex="0" class="chroma">'
            '<code class="language-go" data-lang="go"><span class="line"><span class="cl">x := 1\n</span></span>'
            '<span class="line"><span class="cl">\ty\n</span></span></code></pre></td></tr></table></div></div>'
        ),
        "```go\nx := 1\n\ty\n```",
    ),
    "chroma inline": (
        (
            '<pre class="chroma"><code class="language-go" data-lang="go"><span class="line"><span class="ln">1'
            '</span><span class="cl">x := 1\n</span></span></code></pre>'
        ),
        "```go\nx := 1\n```",
    ),
    "hljs-ln": (
        (
            '<pre><code class="hljs cpp"><table class="hljs-ln"><tr>'
            '<td class="hljs-ln-line hljs-ln-numbers" data-line-number="1">'
            '<div class="hljs-ln-n" data-line-number="1"></div></td><td class="hljs-ln-line hljs-ln-code">int x;'
            '</td></tr><tr><td class="hljs-ln-line hljs-ln-numbers"></td>'
            '<td class="hljs-ln-line hljs-ln-code">  int y;</td></tr></table></code></pre>'
        ),
        "```cpp\nint x;\n  int y;\n```",
    ),
    "prism": (
        (
            '<div class="code-toolbar"><pre class="line-numbers language-python">'
            '<code class="language-python">x = 1\ny<span aria-hidden="true" class="line-numbers-rows"><span>'
            '</span><span></span></span></code></pre><div class="toolbar"><div class="toolbar-item"><button>Copy'
            "</button></div></div></div>"
        ),
        "```python\nx = 1\ny\n```",
    ),
    "github blob": (
        (
            '<div itemprop="text" class="Box-body p-0 blob-wrapper data type-python">'
            '<table class="highlight tab-size js-file-line-container"><tr>'
            '<td id="L1" class="blob-num js-line-number" data-line-number="1"></td>'
            '<td id="LC1" class="blob-code blob-code-inner js-file-line"><span class="pl-k">import</span> os'
            '</td></tr><tr><td class="blob-num" data-line-number="2"></td><td class="blob-code">  x = $1</td>'
            "</tr></table></div>"
        ),
        "```\nimport os\n  x = $1\n```",
    ),
    "github readme": (
        (
            '<div class="highlight highlight-source-python position-relative"><pre><span class="pl-k">import'
            '</span> os</pre><div class="zeroclipboard-container">'
            '<clipboard-copy class="ClipboardButton btn">copy</clipboard-copy></div></div>'
        ),
        "```python\nimport os\n```\n\ncopy",
    ),
    "gist": (
        (
            '<div class="gist"><div class="gist-file"><div class="gist-data">'
            '<div class="js-gist-file-update-container"><div class="file">'
            '<div itemprop="text" class="Box-body p-0 blob-wrapper data type-julia"><table class="highlight">'
            '<tbody><tr><td class="blob-num js-line-number" data-line-number="1"></td>'
            '<td class="blob-code">f(x) = 1</td></tr></tbody></table></div></div></div></div>'
            '<div class="gist-meta"><a href="#">view raw</a> <a href="#">f.jl</a> hosted with ❤ by '
            "<a href=x>GitHub</a></div></div></div>"
        ),
        "```\nf(x) = 1\n```",
    ),
    "syntaxhighlighter": (
        (
            '<div><div id="h1" class="syntaxhighlighter  python"><div class="toolbar"><span>'
            '<a href="#" class="toolbar_item">?</a></span></div><table border="0"><tbody><tr><td class="gutter">'
            '<div class="line number1 index0 alt2">1</div><div class="line number2">2</div></td>'
            '<td class="code"><div class="container"><div class="line number1"><code class="python keyword">def'
            '</code> <code class="python plain">f():</code></div><div class="line number2">'
            '<code class="python spaces">&nbsp;&nbsp;&nbsp;&nbsp;</code><code>return $1</code></div></div></td>'
            "</tr></tbody></table></div></div>"
        ),
        "```python\ndef f():\n    return $1\n```",
    ),
    "crayon": (
        (
            '<div class="crayon-syntax crayon-theme"><div class="crayon-toolbar">'
            '<span class="crayon-language">Python</span></div><div class="crayon-main">'
            '<table class="crayon-table"><tr class="crayon-row"><td class="crayon-nums">'
            '<div class="crayon-nums-content"><div class="crayon-num">1</div><div class="crayon-num">2</div>'
            '</div></td><td class="crayon-code"><div class="crayon-pre"><div class="crayon-line">x = 1</div>'
            '<div class="crayon-line">y = 2</div></div></td></tr></table></div></div>'
        ),
        "```\nx = 1\ny = 2\n```",
    ),
    "codemirror": (
        (
            '<div class="CodeMirror cm-s-default"><div class="CodeMirror-scroll">'
            '<div class="CodeMirror-gutters"></div><div class="CodeMirror-code"><div>'
            '<div class="CodeMirror-gutter-wrapper"><div class="CodeMirror-linenumber">1</div></div>'
            '<pre class=" CodeMirror-line "><span>x = 1</span></pre></div><div><pre class="CodeMirror-line">  y'
            "</pre></div></div></div></div>"
        ),
        "```\nx = 1\n  y\n```",
    ),
    "wp_syntax": (
        (
            '<div class="wp_syntax"><table><tr><td class="line_numbers"><pre>1\n2\n</pre></td><td class="code">'
            '<pre class="python" style="">x = 1\n  y</pre></td></tr></table></div>'
        ),
        "```\nx = 1\n  y\n```",
    ),
    "pandoc": (
        (
            '<div class="sourceCode" id="cb1"><pre class="sourceCode numberSource python numberLines">'
            '<code class="sourceCode python"><span id="cb1-1"><a href="#cb1-1"></a>x <span class="op">=</span> 1'
            '</span>\n<span id="cb1-2"><a href="#cb1-2"></a>  y</span></code></pre></div>'
        ),
        "```python\nx = 1\n  y\n```",
    ),
    "prettify": (
        (
            '<pre class="prettyprint linenums lang-py"><ol class="linenums"><li class="L0">'
            '<span class="pln">x = 1</span></li><li class="L1">  y</li></ol></pre>'
        ),
        "```py\nx = 1\n  y\n```",
    ),
    "nb classic": (
        (
            '<div class="cell border-box-sizing code_cell rendered"><div class="input">'
            '<div class="prompt input_prompt">In&nbsp;[1]:</div><div class="inner_cell"><div class="input_area">'
            '<div class=" highlight hl-ipython3"><pre><span></span>x = 1\nx\n</pre></div></div></div></div>'
            '<div class="output_wrapper"><div class="output"><div class="output_area">'
            '<div class="prompt output_prompt">Out[1]:</div>'
            '<div class="output_text output_subarea output_execute_result"><pre>1</pre></div></div></div></div>'
            '</div><div class="cell text_cell rendered"><div class="prompt input_prompt"></div>'
            '<div class="inner_cell"><div class="text_cell_render rendered_html"><h1 id="T">Title'
            '<a class="anchor-link" href="#T">&#182;</a></h1><p>Text</p></div></div></div>'
        ),
        "```python\nx = 1\nx\n```\n\n```\n1\n```\n\n# Title\n\nText",
    ),
    "nb lab": (
        (
            '<body class="jp-Notebook" data-jp-theme-light="true"><main>'
            '<div class="jp-Cell jp-MarkdownCell jp-Notebook-cell">'
            '<div class="jp-Cell-inputWrapper" tabindex="0">'
            '<div class="jp-Collapser jp-InputCollapser jp-Cell-inputCollapser"></div>'
            '<div class="jp-InputArea jp-Cell-inputArea"><div class="jp-InputPrompt jp-InputArea-prompt"></div>'
            '<div class="jp-RenderedHTMLCommon jp-RenderedMarkdown jp-MarkdownOutput" data-mime-type="text/markdo'
            'wn"><h1 id="T">Title<a class="anchor-link" href="#T">¶</a></h1><p>Text here</p></div></div></div>'
            '</div><div class="jp-Cell jp-CodeCell jp-Notebook-cell"><div class="jp-Cell-inputWrapper">'
            '<div class="jp-InputArea jp-Cell-inputArea">'
            '<div class="jp-InputPrompt jp-InputArea-prompt">In&nbsp;[1]:</div>'
            '<div class="jp-CodeMirrorEditor jp-Editor jp-InputArea-editor" data-type="inline">'
            '<div class="cm-editor cm-s-jupyter"><div class=" highlight hl-ipython3"><pre><span></span>'
            '<span class="n">x</span> = 1\n    y\n</pre></div></div></div></div></div>'
            '<div class="jp-Cell-outputWrapper"><div class="jp-OutputArea jp-Cell-outputArea">'
            '<div class="jp-OutputArea-child"><div class="jp-OutputPrompt jp-OutputArea-prompt">Out[1]:</div>'
            '<div class="jp-RenderedText jp-OutputArea-output jp-OutputArea-executeResult" data-mime-type="text/p'
            'lain"><pre>1</pre></div></div></div></div></div></main></body>'
        ),
        "# Title\n\nText here\n\n```python\nx = 1\n    y\n```\n\n```\n1\n```",
    ),
    "documenter": (
        (
            '<pre><code class="language-julia hljs">julia&gt; f(x)\n2</code>'
            '<button class="copy-button fas fa-copy"></button></pre>'
        ),
        "```julia\njulia> f(x)\n2\n```",
    ),
    "doxygen": (
        (
            '<div class="fragment"><div class="line"><a name="l00001"></a><span class="lineno">    1'
            '</span>&#160;int x;</div><div class="line"><span class="lineno">    2</span>&#160;  y;</div></div>'
            "<!-- fragment -->"
        ),
        "```\nint x;\n  y;\n```",
    ),
    "dokuwiki": (
        ('<pre class="code python"><span class="kw1">def</span> f</pre>'),
        "```python\ndef f\n```",
    ),
    "mediawiki": (
        (
            '<div class="mw-highlight mw-highlight-lang-python mw-content-ltr" dir="ltr"><pre><span></span>x = 1'
            "</pre></div>"
        ),
        "```python\nx = 1\n```",
    ),
    "docusaurus": (
        (
            '<div class="language-jsx codeBlockContainer_Ckt0 theme-code-block">'
            '<div class="codeBlockContent_biex">'
            '<pre tabindex="0" class="prism-code language-jsx codeBlock_bY9V thin-scrollbar">'
            '<code class="codeBlockLines_e6Vv"><span class="token-line" style="color:#393A34">'
            '<span class="token plain">x = 1</span><br></span><span class="token-line"><span>  y</span><br>'
            '</span></code></pre><div class="buttonGroup__atx"><button>Copy</button></div></div></div>'
        ),
        "```jsx\nx = 1\n  y\n```",
    ),
    "vitepress": (
        (
            '<div class="language-ts line-numbers-mode"><button class="copy"></button><span class="lang">ts'
            '</span><pre class="shiki"><code><span class="line">x = 1</span>\n<span class="line">  y</span>'
            '</code></pre><div class="line-numbers-wrapper"><span class="line-number">1</span><br>'
            '<span class="line-number">2</span></div></div>'
        ),
        "ts\n\n```ts\nx = 1\n  y\n```",
    ),
    "r pkgdown": (
        (
            '<div class="sourceCode" id="cb1"><pre class="downlit sourceCode r"><code class="sourceCode R">'
            '<span><span class="va">x</span> <span class="op">&lt;-</span> 1</span>\n<span>y</span></code></pre>'
            "</div>"
        ),
        "```r\nx <- 1\ny\n```",
    ),
}


@pytest.mark.parametrize(("html", "expected"), CODE.values(), ids=CODE.keys())
def test_code_comes_out_as_it_stands_without_numbers_and_buttons(html: str, expected: str) -> None:
    assert text(html) == expected


def test_code_within_a_line() -> None:
    html = "<p>a <samp>x  y</samp> <kbd>Ctrl</kbd> <tt>z</tt> <code>a|b</code><p><code>x<br>&nbsp; y</code>"
    assert text(html) == "a `x y` `Ctrl` `z` `a|b`\n\n```\nx\n  y\n```"


LETTER = """Dear all,

I would like to announce a new proof of the theorem of Fermat on sums of
two squares, which uses nothing but the pigeonhole principle and a little
algebra. It costs $5 to print and shows that some numbers are sums of squares.

Best wishes to everybody who has read as far as this line,
Pierre"""
PROGRAM = """C     THIS PROGRAM COMPUTES THE SUM OF THE FIRST N SQUARES
      INTEGER I, N, S
      S = 0
      DO 10 I = 1, N
   10 S = S + I*I
      WRITE (*, *) S
C     THE END OF THE PROGRAM IS REACHED WHEN ALL OF THEM ARE ADDED
      END"""
TABLE = "\n".join(f"the prime number   of place {n:3}   is the number    {n * n:5}" for n in range(9))


def test_preformatted_prose_is_prose_and_code_is_code() -> None:
    assert text(f"<pre>{LETTER}</pre>") == LETTER.replace("$", r"\$")
    for source in (PROGRAM, TABLE):
        assert text(f"<pre>{source}</pre>") == f"```\n{source}\n```"
    assert text(f"<pre><code class=language-text>{LETTER}</code></pre>").startswith("Dear")
    assert text(f"<pre><code class=language-tex>{LETTER}</code></pre>").startswith("```tex\n")


def test_formulas_in_preformatted_text_are_found() -> None:
    html = "<pre>First\n<math><mi>x</mi></math> is\nthe end</pre>"
    assert text(html) == "First\n$x$ is\nthe end"
