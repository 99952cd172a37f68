"""One Dear ImGui for three languages: lets Cling call the library that Python's imgui-bundle has loaded."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runtime.cling.declarations import Declarations
from runtime.cling.headers import ImGuiHeaders
from runtime.cling.session import Session
from runtime.errors import EnvironmentFault
from runtime.native import _support
from runtime.native.gates import gates

_connected = False

_CHECK = """
namespace ts_imgui {{
static void* ok[1] = {{
  (void*)(long)ImGui::DebugCheckVersionAndDataLayout(IMGUI_VERSION, sizeof(ImGuiIO), sizeof(ImGuiStyle),
    sizeof(ImVec2), sizeof(ImVec4), sizeof(ImDrawVert), sizeof(ImDrawIdx)) }};
static int const done = ts::submit({ident}, ok, 1);
}}
"""


def connect(session: Session, declarations: Declarations, headers: ImGuiHeaders | None) -> None:
    """Promote the library's symbols, declare the headers, and check that both agree. Once per process.

    Raises EnvironmentFault when they do not, or where there are no headers.
    """
    global _connected
    if _connected:
        return
    if headers is None:
        from runtime.cling.headers import fetch_headers, find_headers

        headers = find_headers() or fetch_headers()
    from imgui_bundle import _imgui_bundle  # type: ignore[attr-defined]

    library = Path(str(_imgui_bundle.__file__))
    try:
        _support.open_gates(str(gates(library)), str(library))
    except (OSError, subprocess.CalledProcessError) as error:  # built with the extension, or now
        raise EnvironmentFault(
            "the gates to Dear ImGui's functions cannot be built",
            expected="python -m runtime.native.build",
            found=str(error),
        ) from error
    session.load_library(library)
    declarations.add_include_dirs(list(headers.include_dirs), users=False)
    declarations.define(headers.defines)
    declarations.include("imgui.h")
    ident = session.new_id()
    done = session.declare(_CHECK.format(ident=ident))
    if not done.ok or _support.take_addresses(ident) != [1]:
        why = done.errors[0].message if done.errors else "the data layout differs"
        raise EnvironmentFault(
            "Dear ImGui's headers do not match the installed imgui-bundle",
            expected="tierscope doctor",
            found=why,
        )
    _connected = True
