# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a plan to AWS: read, compare, refuse what cannot be, then make what is missing, in order and in parallel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import Any, ClassVar, Generic, TypeVar

from .._change import Change, differences
from .._errors import ClumioError, InputError
from .._permissions.documents import compact
from .._permissions.names import Connection
from .._permissions.plan import Resource
from .._permissions.resolve import STAND_IN_TOKEN
from . import parallel
from .approval import refuse_widening, with_digest
from .ownership import CONNECTION_TAG, foreign, owner_tags

R = TypeVar("R", bound=Resource)

# Calls that may run at once; the stages of all resources run one after the other.
Stage = Sequence[Callable[[], Any]]


@dataclass(frozen=True)
class Found(Generic[R]):
    """A resource as AWS holds it, and whatever its noun wants to remember for applying."""

    resource: R
    details: Mapping[str, Any] = field(default_factory=dict)


class Noun(ABC, Generic[R]):
    """One kind of resource: how to read it, what it becomes, which calls make it so."""

    section: ClassVar[str]
    kind: ClassVar[str]

    @abstractmethod
    def read(self, desired: R) -> Found[R] | None:
        """What AWS holds under the name of C(desired)."""

    def after(self, desired: R, found: R) -> R:  # noqa: ARG002
        """What AWS will hold: as desired, with what is not ours to change kept as found; tags aside."""
        return desired

    @abstractmethod
    def stages(self, change: Change[R]) -> Sequence[Stage]:
        """The writing calls of a creation or an update, in stages: bare entities first, then what names others.

        A creation writes the tags with the entity; those of an update are not part of it.
        """

    @abstractmethod
    def tag(self, resource: R, tags: Mapping[str, str]) -> None:
        """Add tags to a resource that exists, or change them."""

    def compare(self, desired: R, connection: Connection) -> Change[R]:
        """Read the resource and compare it."""
        found = self.read(desired)
        if found is None:
            return Change(section=self.section, kind=self.kind, before=None, after=desired)
        after = self.after(desired, found.resource)
        # Tags that others have set stay.
        after = replace(after, tags={**found.resource.tags, **desired.tags})
        return Change(
            section=self.section,
            kind=self.kind,
            before=found.resource,
            after=after,
            differences=differences(after, found.resource),
            foreign=foreign(connection, found.resource.tags),
            details=found.details,
        )


# A kind of resource with all resources of that kind that are wanted.
Work = tuple[Noun[Any], Sequence[Resource]]


def compare(work: Sequence[Work], connection: Connection) -> list[Change[Any]]:
    """Read everything at once and compare it, the tags that tell whose it is included; in the order of the work."""
    owner = owner_tags(connection)
    return parallel.run(
        [
            partial(noun.compare, replace(desired, tags={**desired.tags, **owner}), connection)
            for noun, wanted in work
            for desired in wanted
        ]
    )


def provision(
    work: Sequence[Work], connection: Connection, *, check_mode: bool, approve_changes: bool
) -> list[Change[Any]]:
    """Make AWS equal to what is wanted; in check mode only tell what that would be.

    Args:
        work: what is wanted.
        connection: whose it is to be.
        check_mode: whether to write nothing.
        approve_changes: whether an update may grant more than what was approved before; in check mode it may.

    Raises:
        InputError: C(preview_plan), the plan holds stand-ins of a dry run.
        ClumioError: C(foreign_resource), C(unchangeable) or C(widening_not_approved), before the first write;
            AwsError from the calls.
    """
    if not check_mode:
        _refuse_stand_ins(work)
    changes = compare(remembering_grants(work), connection)
    _refuse_foreign(changes, connection)
    _refuse_unchangeable(changes)
    if not check_mode:
        if not approve_changes:
            refuse_widening(changes)
        nouns = {noun.section: noun for noun, _wanted in work}
        due = [change for change in changes if change.action != "none"]
        for stage in zip_longest(*(nouns[change.section].stages(change) for change in due), fillvalue=()):
            parallel.run([call for calls in stage for call in calls])
        # Last, since a digest of grants is written once they are in force.
        parallel.run([partial(nouns[change.section].tag, change.after, tags) for change, tags in _new_tags(due)])
    return changes


def remembering_grants(work: Sequence[Work]) -> list[Work]:
    """The work with a digest of all its grants in a tag of everything that grants."""
    tagged = iter(with_digest([resource for _noun, wanted in work for resource in wanted]))
    return [(noun, [next(tagged) for _resource in wanted]) for noun, wanted in work]


def _new_tags(due: Sequence[Change[Any]]) -> Iterator[tuple[Change[Any], dict[str, str]]]:
    """The updates with the tags that they add or change; a creation has written its tags with the entity."""
    for change in due:
        if change.before is not None and "tags" in change.differences:
            held = change.before.tags
            yield change, {key: value for key, value in change.after.tags.items() if held.get(key) != value}


def _refuse_stand_ins(work: Sequence[Work]) -> None:
    text = "".join(compact(resource.as_dict()) for _noun, wanted in work for resource in wanted)
    if STAND_IN_TOKEN in text:
        raise InputError(
            "The plan was made before Clumio assigned a token, so it is good for a dry run only.",
            code="preview_plan",
            hint="Run clumio_permissions_file again with the token and the external id of the connection.",
        )


def _refuse_foreign(changes: Sequence[Change[Any]], connection: Connection) -> None:
    found = [change for change in changes if change.foreign]
    if found:
        told = "; ".join(f"the {change.label} exists, but {change.foreign}" for change in found)
        raise ClumioError(
            f"This step wrote nothing: {told}.",
            code="foreign_resource",
            hint=(
                "Give ours another name (name_suffix), remove what is in the way, or tag it "
                f"{CONNECTION_TAG}={connection.id} if it is this connection's."
            ),
            resources=[change.as_dict() | {"foreign": change.foreign} for change in found],
        )


# What AWS fixes when a resource is created.
_FIXED = ("path", "document_type")


def _refuse_unchangeable(changes: Sequence[Change[Any]]) -> None:
    told = [
        f"the {change.label} has the {member.replace('_', ' ')} {getattr(change.before, member)}, "
        f"{getattr(change.after, member)} is wanted"
        for change in changes
        for member in _FIXED
        if member in change.differences
    ]
    if told:
        raise ClumioError(
            f"This step wrote nothing: AWS cannot change what it fixes at creation: {'; '.join(told)}.",
            code="unchangeable",
            hint="Remove the resource, so that it can be made anew.",
        )
