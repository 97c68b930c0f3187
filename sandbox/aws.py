# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS on loopback: the moto server, mended where it differs from AWS in a way that matters here."""

from __future__ import annotations

import argparse
import json
import socket
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from sandbox.repairs import patch_moto


class _RequestHandler(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Logs failures of the server only."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


def serve(descriptor: int) -> None:
    """Serve AWS in this process, on an inherited listening socket, until the process is ended."""
    listener = socket.socket(fileno=descriptor)
    host, port = listener.getsockname()[:2]
    app = DomainDispatcherApplication(create_backend_app)
    make_server(host, port, app, threaded=True, request_handler=_RequestHandler, fd=descriptor).serve_forever()


def main() -> None:
    """Serve AWS."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=main.__doc__)
    parser.add_argument("--fd", type=int, required=True, help="inherited listening socket")
    parser.add_argument("--quotas", type=json.loads, required=True, metavar="JSON", help="changed IAM quotas by name")
    options = parser.parse_args()
    try:
        patch_moto(options.quotas)
    except ValueError as error:
        sys.exit(str(error))
    serve(options.fd)


if __name__ == "__main__":
    main()
