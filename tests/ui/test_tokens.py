"""The fixed colors of frontdesk.css meet AA too, and the file keeps its own rules."""

import re
from itertools import product
from pathlib import Path

import pytest

from apps.ui.contrast import DARK_SURFACES, LIGHT_SURFACES, contrast

CSS = (Path(__file__).parents[2] / "static/ui/frontdesk.css").read_text()
PAIRS = {n: (a, b) for n, a, b in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)}
SURFACES = {"surface", "canvas", "sunken"}


def test_surfaces_are_those_that_brand_colors_are_checked_against():
    assert {PAIRS[name][0] for name in SURFACES} == set(LIGHT_SURFACES)
    assert {PAIRS[name][1] for name in SURFACES} == set(DARK_SURFACES)


@pytest.mark.parametrize(("name", "theme"), list(product(["text", "muted", "good", "warn", "bad", "info"], [0, 1])))
def test_words_are_readable_on_every_surface(name, theme):
    grounds = [PAIRS[surface][theme] for surface in SURFACES]
    if f"{name}-soft" in PAIRS:
        grounds.append(PAIRS[f"{name}-soft"][theme])
    for ground in grounds:
        assert contrast(PAIRS[name][theme], ground) >= 4.5, (name, ground)


@pytest.mark.parametrize(("number", "theme"), list(product(range(1, 7), [0, 1])))
def test_chart_colors_stand_out_from_their_card(number, theme):
    assert contrast(PAIRS[f"series-{number}"][theme], PAIRS["surface"][theme]) >= 3


@pytest.mark.parametrize("theme", [0, 1])
def test_form_fields_have_a_visible_edge(theme):
    assert contrast(PAIRS["line-strong"][theme], PAIRS["surface"][theme]) >= 3


@pytest.mark.parametrize(
    "sheet", sorted((Path(__file__).parents[2] / "static").glob("[!v]*/*.css")), ids=lambda p: p.name
)
def test_only_logical_properties(sheet):
    """Nothing is mirrored by hand: margins, paddings, borders and offsets follow the line of text."""
    physical = re.compile(
        r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)(?:-\w+)?|(?:left|right)|float|text-align)\s*:\s*([^;}]+)"
    )
    allowed = {
        "start",
        "end",
        "center",
        "justify",
        "inherit",
        "inline-start",
        "inline-end",
        "match-parent",
        "-webkit-match-parent",
        "none",
    }
    found = [m[0] for m in physical.finditer(sheet.read_text()) if m[1].strip() not in allowed]
    assert not found


def test_four_sizes_and_two_weights():
    assert len(set(re.findall(r"--size-\w+:", CSS))) == 4
    weights = set(re.findall(r"font-weight: ([^;]+);", CSS)) - {"inherit"}
    assert weights <= {"400", "var(--strong)"}


# Where the brand's color may stand: acts, and what is the brand itself. The chat on a customer's website is the brand.
BRANDED = re.compile(r"^(?:a(?![\w-]).*|\.(?:btn-primary|link|skip|brand-mark|trace-raw > summary).*|\.chat-.*)$")
SHEETS = sorted((Path(__file__).parents[2] / "static").glob("[!v]*/*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda p: p.name)
def test_the_brands_color_is_never_a_state(sheet):
    """A red brand must not look like an error, nor a green one like success: states, choices and focus have tokens."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)\{([^{}]*var\(--(?:on-)?accent[^{}]*)\}", text)
    wrong = [
        selector.strip()
        for selectors, _body in rules
        for selector in re.split(r",(?![^(]*\))", selectors)
        if not BRANDED.match(selector.strip())
    ]
    assert not wrong


def test_no_tone_is_the_brands_color():
    root = Path(__file__).parents[2]
    files = [*root.glob("apps/**/*.py"), *root.glob("templates/**/*.html")]
    tones = re.compile(r"tone[=:]\s*[\"']accent|tone-accent|Look\([^\n]*\"accent\"|, \"accent\"\)")
    assert not [str(file) for file in files if tones.search(file.read_text())]


def test_what_is_chosen_is_readable_in_both_themes():
    for theme in (0, 1):
        for name in ("text", "muted", "info"):
            assert contrast(PAIRS[name][theme], PAIRS["picked"][theme]) >= 4.5, (name, theme)
