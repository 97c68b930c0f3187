# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a plan to AWS: read, compare, refuse what cannot be, then make or remove, in order and in parallel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any, ClassVar, Generic, TypeVar

from .._aws._call import is_denial
from .._change import Change, differences
from .._errors import ClumioError, InputError
from .._permissions.documents import compact
from .._permissions.findings import refuse_errors
from .._permissions.names import Connection
from .._permissions.plan import Resource
from .._permissions.resolve import STAND_IN_TOKEN
from . import parallel
from .approval import grants_marks, widened
from .choices import Choices
from .obstacles import obstacles
from .ownership import adoptable, foreign, owner_tags, tags_after

R = TypeVar("R", bound=Resource)

# Calls that may run at once; the stages of all resources run one after the other.
Stage = Sequence[Callable[[], Any]]

Details = Mapping[str, Any]


@dataclass(frozen=True)
class Found(Generic[R]):
    """A resource as AWS holds it, and the day on which it was made, where AWS tells."""

    resource: R
    created: str = ""


class Noun(ABC, Generic[R]):
    """One kind of resource: how to find and read it, what it becomes, which calls make it so or remove it."""

    section: ClassVar[str]
    kind: ClassVar[str]

    @abstractmethod
    def read(self, name: str, arn: str) -> Found[R] | None:
        """What AWS holds under this name, or this ARN, whichever the kind is known by."""

    def list_first(self) -> None:
        """From now on ask for all resources of the kind at once, where AWS offers that, instead of for each.

        A list may not have yet what was made a moment ago.
        """

    def superseded(self, desired: R, found: R, connection: Connection) -> Sequence[Resource]:  # noqa: ARG002
        """Resources of ours that C(found) makes use of, and C(desired) does not."""
        return ()

    def details(self, desired: R, found: R) -> Details:  # noqa: ARG002
        """What else has to be known to make C(found) as C(desired)."""
        return {}

    def after(self, desired: R, found: R | None, superseded: Sequence[Resource], *, purge: bool) -> R:  # noqa: ARG002
        """What AWS will hold: as desired, with what is not ours to change kept as found; tags aside."""
        return desired

    def granted(self, desired: R, after: R) -> R:  # noqa: ARG002
        """What the user is responsible for of what the resource grants: not what others have added."""
        return desired

    def extras(self, desired: R, after: R) -> Sequence[str]:  # noqa: ARG002
        """What others have added and what stays, in words."""
        return ()

    def marks(self, desired: R) -> dict[str, str]:  # noqa: ARG002
        """Tags of the resource, beside those that all have, that tell what in it is ours."""
        return {}

    @abstractmethod
    def stages(self, change: Change[R]) -> Sequence[Stage]:
        """The writing calls of a creation or an update, in stages: bare entities first, then what names others.

        A creation writes the tags with the entity; those of an update are not part of it.
        """

    @abstractmethod
    def tag(self, resource: R, tags: Mapping[str, str]) -> None:
        """Add tags to a resource that exists, or change them."""

    @abstractmethod
    def untag(self, resource: R, keys: Sequence[str]) -> None:
        """Take tags off a resource."""

    @abstractmethod
    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        """Name and ARN of everything of the kind that is the connection's; this lists the account."""

    def used_by(self, resource: R) -> Sequence[str]:  # noqa: ARG002
        """The labels of all that has to go, or to let go, before the resource can."""
        return ()

    @abstractmethod
    def removal(self, resource: R) -> Sequence[Stage]:
        """The writing calls that remove the resource, in stages: what names others first, then bare entities."""


@dataclass(frozen=True)
class Work(Generic[R]):
    """A kind of resource with those that are wanted, and name and ARN of those that are not to be there."""

    noun: Noun[R]
    wanted: Sequence[R] = ()
    unwanted: Sequence[tuple[str, str]] = ()


def compare(
    work: Sequence[Work[Any]],
    connection: Connection,
    choices: Choices,
    *,
    remember_grants: bool = True,
    may_be_denied: bool = False,
    list_first: bool = True,
) -> list[Change[Any]]:
    """Read everything at once and compare it, the tags that tell whose it is included; in the order of the work.

    Of what is not to be there only that which is there is in the result.

    Args:
        work: what is wanted and what is not.
        connection: whose it is to be.
        choices: of the user.
        remember_grants: whether all that grants is to have the tag that remembers it; only where the work is complete.
        may_be_denied: whether a resource that the credentials may not read is C(unreadable) instead of an error.
        list_first: whether lists may tell what is there; not where it was made a moment ago.

    Raises:
        AwsError: from the calls.
    """
    compare_one = _compare_readable if may_be_denied else _compare
    calls: list[Callable[[], tuple[Any, Change[Any]] | None]] = []
    for item in work:
        if list_first:
            item.noun.list_first()
        calls += [partial(compare_one, item.noun, desired, connection, choices) for desired in item.wanted]
        calls += [partial(_unwanted, item.noun, name, arn, connection) for name, arn in item.unwanted]
    compared = [found for found in parallel.run(calls) if found is not None]
    marks = grants_marks([granted for granted, _change in compared if granted]) if remember_grants else {}
    return [_completed(change, marks.get(type(granted), {})) for granted, change in compared]


def _compare(noun: Noun[R], desired: R, connection: Connection, choices: Choices) -> tuple[R, Change[R]]:
    """What the user is to approve of the resource, and its change, of which the differences are still to be told."""
    marks = {**owner_tags(connection), **noun.marks(desired)}
    found = noun.read(desired.name, desired.arn)
    before = found.resource if found else None
    held = (before.tags or {}) if before else {}
    superseded = tuple(noun.superseded(desired, before, connection)) if before else ()
    after = replace(
        noun.after(desired, before, superseded, purge=choices.purge),
        tags=tags_after(desired.tags, marks, held, purge=choices.purge_tags),
    )
    change = Change(
        section=noun.section,
        kind=noun.kind,
        before=before,
        after=after,
        extras=tuple(noun.extras(desired, after)),
        foreign=foreign(connection, held, found.created) if found else "",
        adoptable=adoptable(held),
        superseded=superseded,
        details=noun.details(desired, before) if before else {},
    )
    return noun.granted(desired, after), change


def _compare_readable(noun: Noun[R], desired: R, connection: Connection, choices: Choices) -> tuple[R, Change[R]]:
    """As C(_compare); of a resource that cannot be read only why is known."""
    try:
        return _compare(noun, desired, connection, choices)
    except ClumioError as error:
        if not is_denial(error):
            raise
        return desired, Change(
            section=noun.section, kind=noun.kind, before=None, after=desired, unreadable=error.message
        )


def _completed(change: Change[R], grants: Mapping[str, str]) -> Change[R]:
    """The change with the tag that remembers grants, and with its differences."""
    if change.after is None:
        return change
    after = replace(change.after, tags={**(change.after.tags or {}), **grants})
    return replace(change, after=after, differences=differences(after, change.before) if change.before else ())


def _unwanted(noun: Noun[R], name: str, arn: str, connection: Connection) -> tuple[None, Change[R]] | None:
    found = noun.read(name, arn)
    if found is None:
        return None
    whose = foreign(connection, found.resource.tags or {}, found.created)
    change = Change(
        section=noun.section,
        kind=noun.kind,
        before=found.resource,
        after=None,
        foreign=whose,
        used_by=() if whose else tuple(noun.used_by(found.resource)),
    )
    return None, change


def owned_among(
    everything: Sequence[tuple[str, str]], read_tags: Callable[[str, str], Mapping[str, str]], connection: Connection
) -> list[tuple[str, str]]:
    """Those of some resources, each with name and ARN, whose tags say that they are the connection's."""
    tags = parallel.run([partial(read_tags, name, arn) for name, arn in everything])
    return [known for known, held in zip(everything, tags, strict=True) if not foreign(connection, held)]


def everything_owned(nouns: Sequence[Noun[Any]], connection: Connection) -> list[Work[Any]]:
    """The work of removing all that is the connection's; this lists the account."""
    owned = parallel.run([partial(noun.owned, connection) for noun in nouns])
    return [Work(noun, unwanted=found) for noun, found in zip(nouns, owned, strict=True)]


def provision(
    work: Sequence[Work[Any]], connection: Connection, choices: Choices, *, check_mode: bool
) -> list[Change[Any]]:
    """Make AWS equal to what is wanted; in check mode only tell what that would be.

    Args:
        work: what is wanted and what is not.
        connection: whose it is to be.
        choices: of the user; in check mode an update may grant more than what was approved before.
        check_mode: whether to write nothing.

    Raises:
        InputError: before the first write: C(preview_plan), the plan holds stand-ins of a dry run, or one of the codes
            of C(obstacles).
        AwsError: from the calls.
    """
    if not check_mode:
        _refuse_stand_ins(work)
    changes = compare(work, connection, choices)
    allowed = replace(choices, approve_changes=choices.approve_changes or check_mode)
    refuse_errors(obstacles(changes, allowed), "This step wrote nothing", differences=widened(changes))
    if not check_mode:
        _apply(work, [change for change in changes if change.action != "none"])
    return changes


def _apply(work: Sequence[Work[Any]], due: Sequence[Change[Any]]) -> None:
    nouns = {item.noun.section: item.noun for item in work}
    made = [change for change in due if change.after is not None]
    _run_in_stages([nouns[change.section].stages(change) for change in made])
    # Last, since a digest of grants is written once they are in force.
    parallel.run([partial(_tag, nouns[change.section], change) for change in made if change.before is not None])
    removed = [change for change in due if change.after is None]
    _run_in_stages([nouns[change.section].removal(change.resource) for change in removed])


def _run_in_stages(stages: Sequence[Sequence[Stage]]) -> None:
    for stage in zip_longest(*stages, fillvalue=()):
        parallel.run([call for calls in stage for call in calls])


def _tag(noun: Noun[Any], change: Change[Any]) -> None:
    """Write the tags of an update; a creation has written its tags with the entity."""
    held = (change.before.tags or {}) if change.before else {}
    wanted = change.resource.tags or {}
    new = {key: value for key, value in wanted.items() if held.get(key) != value}
    gone = [key for key in held if key not in wanted]
    # First what goes: IAM takes keys that differ in case only for one.
    if gone:
        noun.untag(change.resource, gone)
    if new:
        noun.tag(change.resource, new)


def _refuse_stand_ins(work: Sequence[Work[Any]]) -> None:
    text = "".join(compact(resource.as_dict()) for item in work for resource in item.wanted)
    if STAND_IN_TOKEN in text:
        raise InputError(
            "The plan was made before Clumio assigned a token, so it is good for a dry run only.",
            code="preview_plan",
            hint="Run clumio_permissions_file again with the token and the external id of the connection.",
        )
