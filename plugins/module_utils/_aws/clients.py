# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The boto3 clients of a module, from one session; AWS's descriptions of its services are read once in a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ansible.module_utils.ansible_release import __version__ as core_version

from . import pace
from ._call import AwsError, config

try:
    import boto3
    import botocore.exceptions
    import botocore.session
    from botocore.config import Config

    _HAS_BOTO3 = True
except ImportError:
    # AnsibleAWSModule refuses to start without boto3, with Ansible's own sentence about it.
    _HAS_BOTO3 = False

# The services whose clients modules of this collection make, and what botocore reads to make one.
_SERVICES = ("events", "iam", "kms", "resourcegroupstaggingapi", "sns", "ssm", "sts")
_OF_A_SERVICE = ("service-2", "endpoint-rule-set-1")
_OF_ALL_SERVICES = ("endpoints", "partitions", "sdk-default-configuration")

# Calls that make one more each time, and say nothing of the one before: an answer that was lost must not make two.
_NEVER_TWICE = {"iam": "CreatePolicyVersion", "kms": "CreateKey"}


def connect(region: str | None, endpoint_url: str | None, parameters: Mapping[str, Any]) -> Callable[[str], Any]:
    """What makes the client of a service, one for each.

    Args are what C(get_aws_connection_info) of amazon.aws makes of the options of a module:

    Args:
        region: of the clients.
        endpoint_url: of all services, if it is not AWS's own.
        parameters: of boto3's C(Session.client), with C(profile_name) and C(aws_config) beside them.

    Raises:
        AwsError: C(aws_credentials), there is no such profile, or what is said of the connection cannot be.
    """
    own = dict(parameters)
    profile, options = own.pop("profile_name", None), own.pop("aws_config", None)
    # The name by which the modules of amazon.aws make themselves known, too.
    chosen = config().merge(Config(user_agent=f"APN/1.0 Ansible/{core_version} clumio.aws"))
    chosen = chosen.merge(options) if options else chosen
    try:
        session = _session(profile)
    except botocore.exceptions.BotoCoreError as error:
        raise _impossible(error) from error

    @cache
    def client(service: str) -> Any:
        try:
            made = session.client(service, region_name=region, endpoint_url=endpoint_url, config=chosen, **own)
        except (ValueError, botocore.exceptions.BotoCoreError) as error:
            raise _impossible(error) from error
        pace.keep(made)
        if service in _NEVER_TWICE:
            made.meta.events.register(f"needs-retry.{service}.{_NEVER_TWICE[service]}", _give_up_if_sent)
        return made

    return client


def preload() -> None:
    """Read what the clients of all services need, for this process and those that are forked from it.

    Where there is no boto3, modules run elsewhere.
    """
    if not _HAS_BOTO3:
        return
    try:
        loader = _loader()
    except botocore.exceptions.BotoCoreError:
        # The profile of the environment is not there; whoever connects is told.
        return
    for name in _OF_ALL_SERVICES:
        loader.load_data(name)
    for service in _SERVICES:
        for kind in _OF_A_SERVICE:
            # As botocore asks for it: what it keeps, it keeps by the arguments of the call.
            loader.load_service_model(service, kind, api_version=None)


@cache
def _loader() -> Any:
    """What reads the descriptions, and keeps them."""
    return botocore.session.Session().get_component("data_loader")


def _session(profile: str | None) -> Any:
    core = botocore.session.Session(profile=profile)
    core.register_component("data_loader", _loader())
    return boto3.session.Session(botocore_session=core)


def _give_up_if_sent(caught_exception: Exception | None, **_event: Any) -> None:
    """End a call whose answer was lost, instead of having botocore make it again: who called looks what there is.

    Raises:
        HTTPClientError: what has happened; an error before anything was sent is none of these.
    """
    if isinstance(caught_exception, botocore.exceptions.HTTPClientError):
        raise caught_exception


def _impossible(error: Exception) -> AwsError:
    return AwsError(
        f"Cannot connect to AWS: {' '.join(str(error).split()).rstrip('.')}.",
        code="aws_credentials",
        hint="Give credentials by environment, profile or option, as for any amazon.aws module.",
        aws_code="",
    )
