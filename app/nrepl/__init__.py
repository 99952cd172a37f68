"""An nREPL server: editors evaluate in the running app. What they send is prepared on a thread of its own and
run on the window's, inside a frame.

`bencode` is the encoding, `connection` one editor, `server` what they share, `evaluations` where forms go.
Protocol: https://nrepl.org/nrepl/design/transports.html and https://nrepl.org/nrepl/ops.html.
"""

from app.nrepl.bencode import BencodeError, decode, encode
from app.nrepl.server import NreplServer

__all__ = ["BencodeError", "NreplServer", "decode", "encode"]
