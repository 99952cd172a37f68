"""Dear ImGui's headers: found, fetched, verified. The index is a small real one on this machine."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runtime.cling import headers
from runtime.errors import EnvironmentFault

NAME = f"imgui_bundle-{headers.bundle_version()}.tar.gz"
FILES = {
    "external/imgui/imgui/imgui.h": b"#define IMGUI_VERSION 1\n",
    "external/imgui/imgui/imgui.cpp": b"not a header\n",
    "external/imgui/imgui/misc/cpp/imgui_stdlib.h": b"// std::string\n",
    "external/implot/implot/implot.h": b"// plots\n",
    "external/glfw/include/glfw.h": b"not wanted\n",
    "imgui_bundle_cmake/imgui_bundle_config.h": b"// config\n",
}


def archive_of(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"imgui_bundle-{headers.bundle_version()}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


class Index:
    """A package index with one project of one file, served on the loopback interface."""

    def __init__(self, archive: bytes) -> None:
        self.archive = archive
        self.sha256 = hashlib.sha256(archive).hexdigest()
        self.requests: list[str] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.requests.append(self.path)
                page = self.path == "/simple/imgui-bundle/"
                link = f'<a href="/{NAME}#sha256={index.sha256}">{NAME}</a>'
                body = f"<!DOCTYPE html><body>{link}".encode() if page else index.archive
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if page else "application/gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index that the user configured, an empty cache and nothing local."""
    made = Index(archive_of(FILES))
    monkeypatch.setenv("UV_DEFAULT_INDEX", made.url)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(headers.LOCAL_HEADERS, raising=False)
    monkeypatch.setattr(headers, "KNOWN_SHA256", {headers.bundle_version(): made.sha256})
    yield made
    made.server.shutdown()
    made.server.server_close()


def cached() -> set[str]:
    root = headers.cache_folder()
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_the_headers_alone_are_fetched_and_only_once(index: Index) -> None:
    assert headers.find_headers() is None
    first = headers.fetch_headers(progress=False)
    asked = len(index.requests)
    assert cached() == {name for name in FILES if "glfw" not in name and name.endswith(".h")} | {
        "manifest.json"
    }
    assert headers.fetch_headers(progress=False) == headers.find_headers() == first
    assert len(index.requests) == asked
    assert (first.include_dirs[0] / "imgui.h").is_file()
    assert first.defines["ImTextureID"] == "int"


def test_a_progress_bar_goes_to_standard_error(
    index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    headers.fetch_headers()
    out, err = capsys.readouterr()
    assert out == ""
    assert "Headers of Dear ImGui" in err


def test_a_download_that_differs_from_the_index_is_refused(index: Index) -> None:
    index.sha256 = "0" * 64
    with pytest.raises(EnvironmentFault, match="does not match its digest"):
        headers.fetch_headers(progress=False)
    assert list(headers.cache_folder().parent.iterdir()) == []


def test_an_index_that_serves_another_archive_is_refused(index: Index) -> None:
    index.archive = archive_of(FILES | {"imgui_bundle_cmake/other.h": b"?"})
    index.sha256 = hashlib.sha256(index.archive).hexdigest()
    with pytest.raises(EnvironmentFault, match="SHA-256"):
        headers.fetch_headers(progress=False)
    assert cached() == set()


@pytest.mark.parametrize("damage", ["changed", "deleted", "manifest"])
def test_a_damaged_cache_is_fetched_again(index: Index, damage: str) -> None:
    header = headers.fetch_headers(progress=False).include_dirs[0] / "imgui.h"
    if damage == "changed":
        header.write_bytes(b"#define IMGUI_VERSION 2\n")
    elif damage == "deleted":
        header.unlink()
    else:
        (headers.cache_folder() / "manifest.json").write_text("[1")
    assert headers.find_headers() is None
    headers.fetch_headers(progress=False)
    assert header.read_bytes() == FILES["external/imgui/imgui/imgui.h"]
    assert [path.name for path in headers.cache_folder().parent.iterdir()] == [
        headers.bundle_version()
    ]


def test_starts_at_the_same_time_end_with_one_whole_cache(index: Index) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(headers.fetch_headers, [False] * 6))
    assert all(one == found[0] for one in found)
    assert headers.is_whole(headers.cache_folder())


def test_without_a_network_the_error_says_what_to_do(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://name:secret@127.0.0.1:1/simple/")
    with pytest.raises(EnvironmentFault) as caught:
        headers.fetch_headers(progress=False)
    assert "pip download" in caught.value.expected
    assert headers.LOCAL_HEADERS in caught.value.expected
    assert "secret" not in f"{caught.value} {caught.value.expected}"


def test_a_local_archive_is_unpacked_without_the_index(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / NAME
    path.write_bytes(index.archive)
    monkeypatch.setenv(headers.LOCAL_HEADERS, str(path))
    found = headers.find_headers()
    assert found is not None
    assert (found.include_dirs[0] / "imgui.h").is_file()
    assert index.requests == []


def test_a_file_that_is_no_archive_is_refused(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headers, "KNOWN_SHA256", {})
    path = tmp_path / NAME
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(EnvironmentFault, match="not a source archive"):
        headers.find_headers(path)


def test_a_local_folder_is_used_as_it_is(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    (folder / headers.INCLUDE_DIRS[0]).mkdir(parents=True)
    with pytest.raises(EnvironmentFault, match="no Dear ImGui headers"):
        headers.find_headers(folder)
    (folder / headers.INCLUDE_DIRS[0] / "imgui.h").touch()
    found = headers.find_headers(folder)
    assert found is not None
    assert found.include_dirs == (folder / headers.INCLUDE_DIRS[0],)


def test_the_real_headers_are_those_of_the_installed_imgui() -> None:
    from imgui_bundle import imgui

    found = headers.find_headers()
    assert found is not None
    text = (found.include_dirs[0] / "imgui.h").read_text(encoding="utf-8")
    version = re.search(r'#define IMGUI_VERSION\s+"([^"]+)"', text)
    assert version is not None
    assert version[1] == imgui.get_version()
