"""Every name in the lists of markup, with a formula that it must give."""

from __future__ import annotations

import pytest

from pipeline.extract import extract
from pipeline.extract.marked.markup import ATTRIBUTES, ELEMENTS, MARKUP, ROLES, looks_like_tex, role
from pipeline.extract.mathml.tokens import MARKS

IMAGES = MARKUP["images"]
SOURCES = [name for name, role in ROLES.items() if role in ("source", "likely")]


def text(body: str) -> str:
    return extract(f"<html><script src=MathJax.js></script><body><p>So {body} on.".encode(), "utf-8").text


def test_no_name_has_two_roles() -> None:
    assert len(ROLES) == sum(map(len, MARKUP["classes"].values()))


@pytest.mark.parametrize("name", SOURCES)
def test_class_of_a_source(name: str) -> None:
    assert text(f'<span class="x {name}">\\beta_1</span>').count(r"\beta_1$") == 1


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role == "likely"])
def test_likely_class_of_a_word(name: str) -> None:
    assert text(f'<span class="{name}">geometry</span>') == "So geometry on."


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role == "html"])
def test_class_of_a_formula_of_html(name: str) -> None:
    assert text(f'<span class="{name}"><i>x</i><sup>2</sup></span>') == "So $x^{2}$ on."


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role == "asciimath"])
def test_class_of_asciimath(name: str) -> None:
    assert text(f'<span class="{name}">a/b</span>') == r"So $\frac{a}{b}$ on."


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role == "display"])
def test_class_of_a_box_around_a_displayed_formula(name: str) -> None:
    assert text(f'<div class="{name}"><span><math><mi>x</mi></math></span></div>') == "So\n\n$$x$$\n\non."


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role == "equations"])
def test_class_of_a_table_of_equations(name: str) -> None:
    table = f'<table class="{name}"><tr><td><math><mi>x</mi></math><td>(1)<tr><td><math><mi>y</mi></math></table>'
    assert text(table) == "So\n\n$$\\begin{aligned} x \\\\ y \\end{aligned}$$ (1)\n\non."


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role in ("rendered", "preview")])
def test_class_of_a_rendering_beside_its_source(name: str) -> None:
    rendering = f'<span class="{name}">x2</span>'
    assert text(f'{rendering}<script type="math/tex">x^2</script>') == "So $x^2$ on."


@pytest.mark.parametrize("name", [name for name, role in ROLES.items() if role in ("katex", "wikipedia")])
def test_class_of_a_formula_drawn_beside_its_mathml(name: str) -> None:
    drawn = f'<span class="{name}"><math alttext="x^2"><mi>x</mi></math><span>x2</span></span>'
    assert text(drawn).replace("$$", "$") == "So $x^2$ on."


@pytest.mark.parametrize("name", [name for name, role in ELEMENTS.items() if role == "source"])
def test_element_of_a_source(name: str) -> None:
    assert text(f"<{name}>\\beta_1</{name}>").replace("$$", "$") == r"So $\beta_1$ on."


@pytest.mark.parametrize("name", ATTRIBUTES["tex"])
def test_attribute_of_a_source(name: str) -> None:
    assert text(f'<span {name}="\\frac12">½</span>') == r"So $\frac12$ on."


@pytest.mark.parametrize("name", ATTRIBUTES["mathml"])
def test_attribute_of_mathml(name: str) -> None:
    assert text(f'<span {name}="&lt;math>&lt;mi>&amp;alpha;&lt;/mi>&lt;/math>">a</span>') == r"So $\alpha$ on."


@pytest.mark.parametrize("name", ATTRIBUTES["asciimath"])
def test_attribute_of_asciimath(name: str) -> None:
    assert text(f'<span {name}="a/b">a/b</span>') == r"So $\frac{a}{b}$ on."


@pytest.mark.parametrize("name", IMAGES["services"])
def test_image_of_a_service(name: str) -> None:
    source = "" if name.endswith("/") else "x^2" if name.endswith("=") else "&amp;chl=x^2" if "cht" in name else "?x^2"
    assert text(f'<img src="https://example.org/{name}{source}" alt="x^2">').count("x^2") == 1


@pytest.mark.parametrize("name", IMAGES["parameters"])
def test_parameter_of_a_service(name: str) -> None:
    assert text(f'<img src="https://example.org/latex.php?s=1&amp;{name}=x%5E2">') == "So $x^2$ on."


@pytest.mark.parametrize("name", [*IMAGES["classes"], *IMAGES["inline"], *IMAGES["display"]])
def test_class_of_an_image(name: str) -> None:
    kind = " math" if name in ("inline", "display") else ""
    display = name in IMAGES["display"]
    assert text(f'<img class="{name}{kind}" src="a.png" alt="x^2">') == (
        "So $$x^2$$ on." if display else "So $x^2$ on."
    )


@pytest.mark.parametrize("hint", MARKUP["words"]["hints"])
def test_part_of_a_name_that_hints_at_formulas(hint: str) -> None:
    assert role(f"my-{hint}") == "likely"
    assert role(f"after{hint}ward") == ""
    assert text(f"<x-{hint}>\\beta_1</x-{hint}>").count(r"\beta_1$") == 1


@pytest.mark.parametrize("name", MARKUP["words"]["displayed"])
def test_environment_that_is_displayed(name: str) -> None:
    source = rf"\begin{{{name}}} a \end{{{name}}}"
    assert text(f'<span class="math-tex">{source}</span>') == f"So $${source}$$ on."


@pytest.mark.parametrize(
    "words",
    ["", "TeX", "LaTeX", "Mathematics", "(1.2)", "[3]", "the gradient descent", "See \\LaTeX for how to write a book"],
)
def test_words_are_no_tex(words: str) -> None:
    assert not looks_like_tex(words)


@pytest.mark.parametrize("tex", ["x", "10\\%", "a+b", "f(x)", "x_1", r"\frac{a}{b}", r"\text{if it is so that } x > 0"])
def test_tex_is_tex(tex: str) -> None:
    assert looks_like_tex(tex)


@pytest.mark.parametrize(("mark", "command"), MARKS["over"].items())
def test_mark_over_a_letter(mark: str, command: str) -> None:
    assert text(f"<math><mover><mi>x</mi><mo>{mark}</mo></mover></math>") == f"So $\\{command}{{x}}$ on."


@pytest.mark.parametrize(("mark", "command"), MARKS["under"].items())
def test_mark_under_a_letter(mark: str, command: str) -> None:
    assert text(f"<math><munder><mi>x</mi><mo>{mark}</mo></munder></math>") == f"So $\\{command}{{x}}$ on."


@pytest.mark.parametrize(("narrow", "wide"), MARKS["wide"].items())
def test_mark_over_several_letters(narrow: str, wide: str) -> None:
    mark = next(mark for mark, command in MARKS["over"].items() if command == narrow and mark != "―")
    source = f"<math><mover><mrow><mi>x</mi><mi>y</mi></mrow><mo>{mark}</mo></mover></math>"
    assert text(source) == f"So $\\{wide}{{xy}}$ on."


@pytest.mark.parametrize(("arrow", "command"), MARKS["arrows"].items())
def test_arrow_under_a_label(arrow: str, command: str) -> None:
    assert text(f"<math><mover><mo>{arrow}</mo><mi>f</mi></mover></math>") == f"So $\\{command}{{f}}$ on."


@pytest.mark.parametrize(("notation", "command"), MARKS["enclosures"].items())
def test_enclosure(notation: str, command: str) -> None:
    assert text(f'<math><menclose notation="{notation}"><mi>x</mi></menclose></math>') == f"So $\\{command}{{x}}$ on."
