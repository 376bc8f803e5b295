"""Refreshes what we carry of other people's front-end work: `python -m apps.ui.vendoring <node_modules>`.

Users of the product never need npm; whoever upgrades a library runs
`npm install htmx.org idiomorph sortablejs @tabler/icons axe-core` in an empty folder and points this at it.
"""

import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FILES = {
    "htmx.org": ("static/vendor/htmx", ["dist/htmx.min.js", "LICENSE"]),
    "idiomorph": ("static/vendor/idiomorph", ["dist/idiomorph-ext.min.js", "LICENSE"]),
    "sortablejs": ("static/vendor/sortablejs", ["Sortable.min.js", "LICENSE"]),
    "axe-core": ("tests/ui/vendor/axe-core", ["axe.min.js", "LICENSE"]),
    "@tabler/icons": ("static/vendor/tabler-icons", ["LICENSE"]),
}

# Only these are shipped, as path data inlined by {% icon %}; add a name here and run this again.
ICONS = """
home inbox message messages message-circle user users user-plus user-circle user-check user-x user-cog users-group
building building-store package box category tag tags webhook plug plug-connected settings search plus minus check
checks x chevron-down chevron-right chevron-left chevron-up arrow-right arrow-left arrow-up arrow-down arrow-back-up
arrow-forward-up arrow-merge arrows-exchange arrows-sort dots dots-vertical clock calendar calendar-event bell bell-off
alert-triangle alert-circle info-circle circle circle-check circle-x circle-dashed circle-dot copy external-link link
trash edit pencil eye eye-off filter adjustments-horizontal sort-ascending sort-descending refresh reload player-play
player-pause player-skip-forward robot sparkles wand send paperclip photo file file-text folder download upload
brand-whatsapp brand-instagram brand-messenger brand-facebook world mail phone device-mobile map-pin language moon sun
device-desktop logout login lock lock-open shield shield-check key fingerprint id star flame snowflake temperature bolt
history list layout-kanban layout-list layout-sidebar table columns chart-line chart-bar chart-dots activity database
server heart note notes at hash currency-dollar coin credit-card cash receipt report-money shopping-cart truck flag
flag-2 bookmark pin archive ban hand-stop hand-move headset menu-2 keyboard command help question-mark bug code braces
terminal api qrcode palette brush template forms article book cloud cloud-off wifi-off zzz clock-pause route git-branch
timeline target trophy thumb-up thumb-down mood-smile test-pipe gauge ad speakerphone social share grip-vertical stack-2
inbox-off point loader-2 progress hourglass urgent maximize microphone video sticker click select cursor-text briefcase
affiliate door-enter rotate-2 address-book corner-down-right
""".split()


def copy_files(modules: Path) -> None:
    versions = []
    for package, (target, names) in FILES.items():
        source = modules / package
        version = json.loads((source / "package.json").read_text())["version"]
        folder = ROOT / target
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(source / name, folder / Path(name).name)
        if target.startswith("static/"):
            versions.append(f"{package} {version}")
    (ROOT / "static/vendor/VERSIONS").write_text("\n".join(versions) + "\n")


def collect_icons(modules: Path) -> None:
    icons = {}
    for name in sorted(set(ICONS)):
        svg = (modules / "@tabler/icons/icons/outline" / f"{name}.svg").read_text()
        body = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL).group(1)  # type: ignore[union-attr]
        shapes = [" ".join(line.split()) for line in body.strip().splitlines()]
        icons[name] = "".join(s.replace(" />", "/>") for s in shapes if 'd="M0 0h24v24H0z"' not in s)
    text = json.dumps(icons, indent=0, sort_keys=True)
    (ROOT / "apps/ui/icons.json").write_text(text + "\n")


if __name__ == "__main__":
    node_modules = Path(sys.argv[1])
    copy_files(node_modules)
    collect_icons(node_modules)
