"""An nREPL server: editors evaluate in the running app, on the window's thread, inside a frame.

`bencode` is the encoding, `connection` one editor, `server` what they share and where evaluations run.
Protocol: https://nrepl.org/nrepl/design/transports.html and https://nrepl.org/nrepl/ops.html.
"""

from app.nrepl.bencode import BencodeError, decode, encode
from app.nrepl.server import NreplServer

__all__ = ["BencodeError", "NreplServer", "decode", "encode"]
