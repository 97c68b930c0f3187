# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS on loopback: the moto server, mended where it differs from AWS in a way that matters here.

Besides AWS it has one control of its own: what SCP each account has, as a JSON object by account.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from sandbox.repairs import patch_moto
from sandbox.simulator import scps, set_scp

SCPS = "/_sandbox/scps"


class _Application(DomainDispatcherApplication):  # type: ignore[misc]  # moto has no types
    """moto, and the control."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == SCPS:
            answer: Iterable[bytes] = _control(Request(environ))(environ, start_response)
            return answer
        passed_on: Iterable[bytes] = super().__call__(environ, start_response)
        return passed_on


def _control(request: Request) -> Response:
    """Tell the SCPs, or first change those of some accounts: null takes one away."""
    try:
        if request.method == "PUT":
            changes = json.loads(request.get_data())
            if not isinstance(changes, dict) or not all(re.fullmatch(r"\d{12}", account) for account in changes):
                raise ValueError("SCPs are an object of accounts, each of 12 digits")
            for account, policy in changes.items():
                set_scp(account, policy)
    except ValueError as error:
        return Response(json.dumps({"error": str(error)}), status=400, mimetype="application/json")
    return Response(json.dumps(scps()), mimetype="application/json")


class _RequestHandler(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Logs failures of the server only."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code).startswith("5"):
            super().log_request(code, size)


def serve(descriptor: int) -> None:
    """Serve AWS in this process, on an inherited listening socket, until the process is ended."""
    listener = socket.socket(fileno=descriptor)
    host, port = listener.getsockname()[:2]
    app = _Application(create_backend_app)
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
