"""Dear ImGui's headers, as the installed imgui-bundle was built with them.

The wheel has no headers, the source archive of the same version does. It is downloaded once from the
package index (the user's own, where one is configured), checked by digest, and its few headers are
kept in the user's cache, in a folder per version. This module does not import cppyy.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import version as installed_version
from pathlib import Path, PurePosixPath
from typing import Any

import platformdirs

from runtime.errors import EnvironmentFault

PACKAGE = "imgui-bundle"
LOCAL_HEADERS = "TIERSCOPE_IMGUI_HEADERS"  # the variable that names a folder or archive to use

# Digests of the source archives that were tried; an index that serves another file is refused.
KNOWN_SHA256 = {"1.93.0": "10ad1dab8258a6787b4f07bb926b08d0efc648a7906242568c8dd778c5e719bf"}

INCLUDE_DIRS = (
    "external/imgui/imgui",
    "external/imgui/imgui/misc/cpp",
    "external/implot/implot",
    "external/implot3d/implot3d",
    "imgui_bundle_cmake",
)

# What the wheel was built with: with other values the structures have another layout.
DEFINES = {
    "IMGUI_BUNDLE_BUILD_PYTHON": "",
    "IMGUI_BUNDLE_PYTHON_API": "",
    "IMGUI_USE_WCHAR32": "",
    "IMGUI_DISABLE_OBSOLETE_FUNCTIONS": "",
    "ImTextureID": "int",
    "IMGUI_USER_CONFIG": '"imgui_bundle_config.h"',
}

_MANIFEST = "manifest.json"
_TIMEOUT = 30.0  # seconds without an answer from the index


@dataclass(frozen=True, slots=True)
class ImGuiHeaders:
    """Where the headers are and the macros to define before they are included ("" for no value)."""

    include_dirs: tuple[Path, ...]
    defines: dict[str, str]


def bundle_version() -> str:
    """The version of the imgui-bundle that is installed."""
    return installed_version(PACKAGE)


def cache_folder() -> Path:
    """Where the headers of the installed version are kept, whether they are there or not."""
    return platformdirs.user_cache_path("tierscope") / "imgui-headers" / bundle_version()


def find_headers(local: Path | None = None) -> ImGuiHeaders | None:
    """The headers of `local`, else of TIERSCOPE_IMGUI_HEADERS, else of the cache; None if in none.

    `local` is an unpacked source archive of imgui-bundle or the archive itself, which is then unpacked
    into the cache. Raises EnvironmentFault where it is neither.
    """
    named = os.environ.get(LOCAL_HEADERS)
    local = local or (Path(named) if named else None)
    if local is None or local.is_file():
        folder = cache_folder()
        if is_whole(folder):
            return _headers_in(folder)
        return _install(local) if local else None
    if not (local / INCLUDE_DIRS[0] / "imgui.h").is_file():
        raise EnvironmentFault(
            f"{local} has no Dear ImGui headers",
            expected=f"an unpacked source archive of imgui-bundle {bundle_version()}, "
            f"which has {INCLUDE_DIRS[0]}/imgui.h",
        )
    return _headers_in(local)


def fetch_headers(progress: bool = True) -> ImGuiHeaders:
    """The headers, downloaded into the cache if they are not there whole.

    `progress` shows a bar on standard error. Raises EnvironmentFault where the index cannot be reached
    or serves something else.
    """
    found = find_headers()
    if found is not None:
        return found
    root = cache_folder().parent
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the headers of Dear ImGui have no place: {root} cannot be made"
        expected = "a cache folder that can be written, such as XDG_CACHE_HOME names"
        raise EnvironmentFault(message, expected=expected, found=error.strerror or "") from error
    try:
        with tempfile.TemporaryDirectory(dir=root, prefix=".download-") as work:
            return _install(_download(Path(work), progress))
    except OSError as error:
        # A failed connection is an OSError too. Its text may hold the index's password: not shown.
        raise _fault(error.strerror or f"{type(error).__name__} from the index") from error


def is_whole(folder: Path) -> bool:
    """Whether every header in the folder's manifest is there with the digest it was unpacked with."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest) and all(
            _sha256(folder / name) == digest for name, digest in manifest.items()
        )
    except (OSError, ValueError, AttributeError):
        return False


def _headers_in(folder: Path) -> ImGuiHeaders:
    folders = (folder.resolve() / name for name in INCLUDE_DIRS)
    return ImGuiHeaders(tuple(path for path in folders if path.is_dir()), dict(DEFINES))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fault(message: str) -> EnvironmentFault:
    version = bundle_version()
    return EnvironmentFault(
        f"the headers of Dear ImGui could not be fetched: {message}",
        expected=f"a connection to the package index; or, where there is one, "
        f"`python -m pip download --no-deps --no-binary {PACKAGE} {PACKAGE}=={version}`, and here "
        f"`{LOCAL_HEADERS}=imgui_bundle-{version}.tar.gz`",
    )


def _configured_index() -> str | None:
    """The index that the user set for uv or pip, or None for the usual one."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(variable):
            return os.environ[variable]
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def _download(folder: Path, progress: bool) -> Path:
    """The source archive of the installed version in `folder`, verified by the index's digest."""
    from pypi_simple import (  # slow to import, and seldom needed
        DigestMismatchError,
        NoDigestsError,
        NoSuchProjectError,
        PyPISimple,
        UnsupportedContentTypeError,
        UnsupportedRepoVersionError,
    )

    version = bundle_version()
    index = _configured_index()
    target = folder / "archive.tar.gz"
    tracker = _progress_bar(f"Headers of Dear ImGui ({PACKAGE} {version})") if progress else None
    try:
        with PyPISimple(index) if index else PyPISimple() as client:
            client.s.verify = os.environ.get("PIP_CERT") or True
            page = client.get_project_page(PACKAGE, timeout=_TIMEOUT)
            found = [p for p in page.packages if p.package_type == "sdist" and p.version == version]
            if not found:
                raise _fault(f"the index has no source archive of {PACKAGE} {version}")
            client.download_package(found[0], target, progress=tracker, timeout=_TIMEOUT)
            return target
    except NoSuchProjectError as error:
        raise _fault(f"the index does not know {PACKAGE}") from error
    except (DigestMismatchError, NoDigestsError) as error:
        raise _fault("what the index served does not match its digest") from error
    except (UnsupportedContentTypeError, UnsupportedRepoVersionError) as error:
        raise _fault("what the index served is not an index page") from error


def _progress_bar(title: str) -> Callable[[int | None], Any]:
    """A progress tracker for `download_package`, drawn by Rich on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    class Tracker:
        def __init__(self, total: int | None) -> None:
            columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self.bar = Progress(*columns, console=Console(stderr=True))
            self.task = self.bar.add_task(title, total=total)

        def __enter__(self) -> Tracker:
            self.bar.start()
            return self

        def __exit__(self, *exception: object) -> None:
            self.bar.stop()

        def update(self, increment: int) -> None:
            self.bar.update(self.task, advance=increment)

    return Tracker


def _install(archive: Path) -> ImGuiHeaders:
    """Unpack the headers of `archive` into the cache: all of them appear there, or none."""
    known = KNOWN_SHA256.get(bundle_version())
    found = _sha256(archive)
    if known not in (None, found):
        raise _fault(f"the archive's SHA-256 is {found}, not {known}")
    target = cache_folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=".unpack-"))
    try:
        try:
            _unpack(archive, work)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise _fault(f"{archive} is not a source archive") from error
        if not is_whole(target):  # another start may have been quicker
            _replace(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _headers_in(target)


def _unpack(archive: Path, folder: Path) -> None:
    """Write the archive's headers and their manifest into `folder`."""
    manifest: dict[str, str] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            inner = PurePosixPath(*PurePosixPath(member.name).parts[1:])  # less the top folder
            if not (member.isfile() and str(inner.parent) in INCLUDE_DIRS):
                continue
            source = tar.extractfile(member) if fnmatch(inner.name, "*.h") else None
            if source is not None:
                data = source.read()
                path = folder / inner
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                manifest[str(inner)] = hashlib.sha256(data).hexdigest()
    if f"{INCLUDE_DIRS[0]}/imgui.h" not in manifest:
        raise _fault(f"the archive has no {INCLUDE_DIRS[0]}/imgui.h")
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _replace(work: Path, target: Path) -> None:
    """Rename `work` to `target`, moving a broken one that stands there out of the way first."""
    try:
        work.rename(target)
    except OSError:
        if is_whole(target):
            return
        target.rename(work.with_name(f"{work.name}-broken"))
        work.rename(target)
        shutil.rmtree(work.with_name(f"{work.name}-broken"), ignore_errors=True)


if __name__ == "__main__":
    print(fetch_headers().include_dirs[0])
