"""Code on a page: which elements hold it, its text as it stands, its language; and `pre` that holds prose."""

from __future__ import annotations

import re
from functools import lru_cache
from textwrap import dedent

from resiliparse.parse.html import DOMNode

from pipeline.extract.parser import has

_CONTAINERS = frozenset(
    ("fragment", "syntaxhighlighter", "crayon-syntax", "CodeMirror", "blob-wrapper", "js-file-line-container",
     "dp-highlighter", "cm-editor", "ace_editor", "react-code-lines")
)  # fmt: skip
"""Classes of elements that hold code without `pre`, or with a `pre` a line: Doxygen, highlighters, editors, GitHub."""
_TYPEWRITTEN = frozenset(("literal", "ltx_font_typewriter", "ltx_verbatim", "texttt", "typewriter", "monospaced"))
"""Classes of code within a line: docutils, LaTeXML, AsciiDoc and converters of LaTeX."""
_MARGIN = re.compile(
    r"(?:^|[-_\s])(?:line-?nos?|line-?numbers?|linenodiv|line_numbers|gutters?|blob-num|hljs-ln-n|nums|prompt|copy|"
    r"copybtn|clipboard|toolbar|button|tooltip|sr-only)(?:$|[-_\s])|(?:^|\s)(?:lnt?|ttc)(?:$|\s)",
    re.IGNORECASE,
)
"""Line numbers, prompts, buttons, and what Doxygen shows where the mouse rests."""
_SKIPPED = frozenset(("script", "style", "button", "svg", "template", "select", "textarea"))
_ROWS = frozenset(("div", "li", "tr", "p", "ol", "ul", "table", "pre"))
_NO_PARTS = ":not(span, a, code, b, i, em, strong)"
"""Elements that may be more than a part of a line."""
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:mw-highlight-lang|language|lang|highlight-source|highlight|hl|src|brush|syntax)[-:]\s*|"
    r"(?:sourceCode|syntaxhighlighter|hljs|src|prettyprint|code)\s+)([a-zA-Z][\w+#]*)(?=$|\s|;)"
)
_NO_LANGUAGE = frozenset(
    ("default", "none", "text", "plaintext", "plain", "nohighlight", "txt", "src", "output", "code", "linenums", "hljs",
     "notranslate", "cell", "highlight", "rouge", "line", "example")
)  # fmt: skip
_SAME = {"ipython": "python", "ipython3": "python", "python3": "python", "py3": "python"}

_SENTENCE = re.compile(r"[^\W\d_]{2,30}[,;:]? [^\W\d_]{1,30}[,;:]? [^\W\d_]")  # bounded, or long words take for ever
_SYMBOLS = "{}[]<>=;_|\\/#@&*+~`"
_BLANKS = re.compile(r"\S {3,}\S")


def may_hold_code(classes: str) -> bool:
    """Whether the classes of an element say that all in it is one piece of code."""
    return not _CONTAINERS.isdisjoint(classes.split())


def holds_code(node: DOMNode) -> bool:
    """Whether an element that may hold code is one piece of it, and no single `pre` in it says better which."""
    return len(node.query_selector_all("pre")) != 1


def is_typewritten(classes: str) -> bool:
    """Whether the classes of a part of a line say that it is code."""
    return not _TYPEWRITTEN.isdisjoint(classes.split())


def numbers_lines(node: DOMNode, source: str) -> bool:
    """Whether a `pre` stands beside another one and holds nothing but the numbers of its lines."""
    if not source.replace("\n", "").replace(" ", "").isdigit():
        return False
    names = f"{node.class_name} {node.parent.class_name if node.parent is not None else ''}"
    return _MARGIN.search(names) is not None


def verbatim(node: DOMNode) -> str:
    """The text of code, its blanks and line breaks kept; line numbers, prompts and buttons left out."""
    source = (node.text if _is_all_code(node) else _without_margins(node)).replace("\xa0", " ")
    # Doxygen leaves a blank between the numbers and the lines.
    return dedent(source) if "fragment" in node.class_name.split() else source


def _is_all_code(node: DOMNode) -> bool:
    """Whether there is nothing in it but text and, as highlighters write them, parts of lines."""
    if has(node, _NO_PARTS):
        return False
    return not any(_in_margin(part.class_name[:200]) for part in node.query_selector_all("[class]"))


def _without_margins(node: DOMNode) -> str:
    pieces: list[str] = []
    pending: list[DOMNode] = [node]
    while pending:
        item = pending.pop()
        tag = item.tag
        if tag == "#text":
            pieces.append(item.value)
        elif tag == "br":
            pieces.append("\n")
        elif tag[0] != "#" and tag not in _SKIPPED and (item is node or not _in_margin(item.class_name[:200])):
            if tag in _ROWS and pieces and not pieces[-1].endswith("\n"):
                pieces.append("\n")
            pending += item.child_nodes[::-1]
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _in_margin(classes: str) -> bool:
    return _MARGIN.search(classes) is not None


def language(node: DOMNode) -> str:
    """The language that the classes of code, or of the boxes around it, name; "" if they name none."""
    inner = node.query_selector("code")
    box: DOMNode | None = node
    boxes = [inner] if inner is not None else []
    for _ in range(3):
        if box is not None and box.tag != "body":
            boxes.append(box)
            box = box.parent
    for part in boxes:
        named = part.getattr("data-lang") or part.getattr("data-language") or ""
        for found in _LANGUAGE.finditer(f"lang-{named} {part.class_name}" if named else part.class_name):
            if (name := found[1].lower()) not in _NO_LANGUAGE:
                return _SAME.get(name, name)
    return ""


def reads_as_prose(source: str) -> bool:
    """Whether preformatted text is sentences: a letter, an old plain-text page, a poem of long lines."""
    if len(source) < 200:
        return False
    if sum(map(source.count, _SYMBOLS)) > 0.02 * len(source):
        return False
    lines = [line for line in source.split("\n") if line.strip()]
    sentences = sum(len(line) for line in lines if _SENTENCE.search(line))
    columns = sum(_BLANKS.search(line) is not None for line in lines)
    return sentences >= 0.8 * sum(map(len, lines)) and columns <= 0.1 * len(lines)
