"""Static files as they are served: collected, under names that change with their content."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from config.static_files import HashedFiles

# Every way in which one of our scripts could name another: import … from, export … from, import "…", import("…").
NAMED = re.compile(r"""^(?:(?:import|export)\b[^"';=(]*?|.*\bimport\(\s*)["']([^"']+)["']""", re.MULTILINE)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Our own static files as `collectstatic` leaves them: the folder, and each file's name there."""
    folder = Path(shutil.copytree(settings.STATICFILES_DIRS[0], tmp_path_factory.mktemp("collected") / "static"))
    source = FileSystemStorage(settings.STATICFILES_DIRS[0])
    storage = HashedFiles(location=folder)
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    assert not [problem for *_, problem in storage.post_process({n: (source, n) for n in names}) if problem is not True]
    return folder, {name: storage.stored_name(name) for name in names}


def test_modules_import_each_other_by_the_address_that_a_page_gives_them(served):
    folder, names = served
    imports = 0
    for name in names.values():
        if not name.endswith(".js") or name.startswith("vendor/"):
            continue
        for named in NAMED.findall((folder / name).read_text()):
            imports += 1
            assert named.startswith("."), f"{name} imports {named}: nothing tells a browser what that is"
            assert (folder / name).parent.joinpath(named).resolve().relative_to(folder).as_posix() in names.values()
    assert imports


def test_styles_name_only_files_that_are_there(served):
    folder, names = served
    for name in names.values():
        if name.endswith(".css"):
            for named in re.findall(r"""url\(["']?([^"')]+)["']?\)""", (folder / name).read_text()):
                assert named.startswith("data:") or (folder / name).parent.joinpath(named.partition("#")[0]).is_file()
