"""The viewer's files: the pinned release of Swagger UI, and a page that a strict policy allows."""

import gzip
import hashlib
import io
import tarfile
from html.parser import HTMLParser

import pytest

from chalicelib.http.routes.viewer_routes import POLICY
from chalicelib.http.viewer import viewer_files
from infrastructure.packing import viewer_package


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def content(name):
    packed, plain = viewer_files.FOLDER / f"{name}.gz", viewer_files.FOLDER / name
    return gzip.decompress(packed.read_bytes()) if packed.exists() else plain.read_bytes()


@pytest.mark.parametrize("name", viewer_package.FILES)
def test_each_file_is_that_of_the_pinned_release(name):
    assert hashlib.sha256(content(name)).hexdigest() == viewer_package.FILES[name]


def test_the_page_names_each_file_and_no_other():
    tags = Tags(viewer_files.page()).tags
    named = {one.get("src") or one.get("href") for _, one in tags if {*one} & {"src", "href"}}

    assert named == {"data:,", "openapi.json", *(f"docs/{name}" for name in viewer_files.files())}


def test_the_page_has_no_script_and_no_style_of_its_own():
    tags = Tags(viewer_files.page()).tags

    assert all("src" in one for tag, one in tags if tag == "script")
    assert not [tag for tag, _ in tags if tag == "style"]
    assert not [name for _, one in tags for name in one if name.startswith("on") or name == "style"]
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_the_files_are_small_enough_for_a_functions_answer():
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 6 MB."""
    largest = max(len(viewer_files.text_of(place)) for place, _ in viewer_files.files().values())

    assert largest < 3 * 2**20


def archive(**changed):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as members:
        for name in viewer_package.FILES:
            member = tarfile.TarInfo(f"package/{name}")
            body = changed.get(name, content(name))
            member.size = len(body)
            members.addfile(member, io.BytesIO(body))
    return made.getvalue()


def test_an_altered_package_is_refused_and_nothing_is_written(tmp_path):
    place, folder = tmp_path / "a.tgz", tmp_path / "viewer"
    folder.mkdir()
    place.write_bytes(archive())

    with pytest.raises(viewer_package.Altered, match="has the integrity sha512-"):
        viewer_package.write(place.read_bytes(), place, folder)
    assert [*folder.iterdir()] == []


def test_an_altered_file_of_a_package_is_refused_and_nothing_is_written(tmp_path, monkeypatch):
    place, folder = tmp_path / "a.tgz", tmp_path / "viewer"
    folder.mkdir()
    for body, is_refused in ((archive(NOTICE=b"other"), True), (archive(), False)):
        place.write_bytes(body)
        monkeypatch.setattr(viewer_package, "SHA512", viewer_package.sha512(body))
        if is_refused:
            with pytest.raises(viewer_package.Altered, match="NOTICE of swagger-ui-dist@"):
                viewer_package.write(body, place, folder)
            assert [*folder.iterdir()] == []
        else:
            viewer_package.write(body, place, folder)
    assert len([*folder.iterdir()]) == len(viewer_package.FILES)
