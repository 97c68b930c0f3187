# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The regions that AWS has, as far as the installed botocore knows."""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):
    # AnsibleAWSModule refuses to start without botocore, with Ansible's own sentence about it.
    import botocore.loaders

from .._errors import InputError


def require_known(region: str, partition: str) -> None:
    """Refuse a region that does not exist, before any call waits for its name to resolve.

    Args:
        region: C(us-west-2).
        partition: that of the region, C(aws).

    Raises:
        InputError: C(unknown_region).
    """
    partitions = botocore.loaders.create_loader().load_data("partitions")["partitions"]
    known = [name for known in partitions if known["id"] == partition for name in known["regions"]]
    if region not in known:
        raise InputError(
            f"AWS has no region {region}.",
            code="unknown_region",
            hint="If it is new, a newer botocore knows it.",
            known=sorted(known),
        )
