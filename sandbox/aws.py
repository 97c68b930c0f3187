# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS on loopback: the moto server, mended in the three places where it differs from AWS in a way that matters here."""

from __future__ import annotations

import argparse
import json
import socket
import sys
from collections.abc import Mapping
from typing import Any

from moto.iam.exceptions import LimitExceededException
from moto.iam.models import AccountSummary, IAMBackend
from moto.iam.policy_validation import SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

_summary_map = AccountSummary.summary_map.fget
_attach_role_policy = IAMBackend.attach_role_policy


def patch_moto(quotas: Mapping[str, int] | None = None) -> None:
    """Make moto, in this process, do as AWS does. May be called again, for other quotas.

    Args:
        quotas: IAM quotas by their names in ``iam:GetAccountSummary``, such as ``AttachedPoliciesPerRoleQuota``;
            moto has AWS's defaults for the others.

    Raises:
        ValueError: IAM has no such quota.
    """
    changed = dict(quotas or {})
    names = {name for name in _summary_map(IAMBackend("aws", "000000000000").account_summary) if name.endswith("Quota")}
    if unknown := sorted(changed.keys() - names):
        raise ValueError(f"unknown quota {', '.join(unknown)}; IAM has {', '.join(sorted(names))}")

    # moto takes every S3 ARN with a region for a mistake but an access point's. Storage Lens configurations have one:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-resources-for-iam-policies
    s3_with_region = SERVICE_TYPE_REGION_INFORMATION_ERROR_ASSOCIATIONS["s3"]["valid_starting_values"]
    if "storage-lens/" not in s3_with_region:
        s3_with_region.append("storage-lens/")

    # moto's quotas are constants.
    def summary_map(summary: Any) -> dict[str, Any]:
        return {**_summary_map(summary), **changed}

    AccountSummary.summary_map = property(summary_map)

    # moto reports the quota of managed policies per role and attaches any number.
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html#API_AttachRolePolicy_Errors
    def attach_role_policy(backend: Any, policy_arn: str, role_name: str) -> None:
        attached = backend.get_role(role_name).managed_policies
        quota = backend.account_summary.summary_map["AttachedPoliciesPerRoleQuota"]
        if policy_arn not in attached and len(attached) >= quota:
            raise LimitExceededException(f"Cannot exceed quota for PoliciesPerRole: {quota}")
        _attach_role_policy(backend, policy_arn, role_name)

    IAMBackend.attach_role_policy = attach_role_policy


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
