"""Rules that hold for every template of the house."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(p for p in (ROOT / "templates").rglob("*.html"))
names = [str(p.relative_to(ROOT / "templates")) for p in TEMPLATES]
FOR_MAIL = ("email/", "mail/")
each = pytest.mark.parametrize("name", [n for n in names if not any(part in n for part in FOR_MAIL)])

FORBIDDEN = {
    "inline script": r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"'](?:application/json|text/template)[\"'])[^>]*>",
    "inline style element": r"<style\b",
    "style attribute": r"<[a-z][^>]*\sstyle\s*=",
    "event handler": r"<[a-z][^>]*\son[a-z]+\s*=",
    "hx-on": r"\shx-on[:\s=]",
    "javascript: address": r"javascript:",
    "evaluated htmx value": r"\bhx-(?:vals|headers)\s*=\s*[\"']js:",
}


@each
def test_nothing_that_the_content_security_policy_refuses(name):
    text = re.sub(
        r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", (ROOT / "templates" / name).read_text(), flags=re.DOTALL
    )
    found = {what: hits for what, rule in FORBIDDEN.items() if (hits := re.findall(rule, text, re.IGNORECASE))}
    assert not found


@each
def test_compiles(name):
    get_template(name)


@pytest.mark.parametrize("script", sorted((ROOT / "static").glob("[!v]*/*.js")), ids=lambda p: p.name)
def test_scripts_do_not_evaluate_text_or_write_styles(script):
    text = script.read_text()
    assert not re.search(r"\beval\(|new Function\(|\.innerHTML\s*=|document\.write|setAttribute\(\"style\"", text)


def test_vendored_files_carry_license_and_version():
    folders = [p for p in (ROOT / "static/vendor").iterdir() if p.is_dir()]
    versions = (ROOT / "static/vendor/VERSIONS").read_text().split()
    assert folders
    assert len(versions) == 2 * len(folders)
    for folder in folders:
        assert (folder / "LICENSE").stat().st_size > 500
