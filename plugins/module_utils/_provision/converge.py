# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a plan to AWS: read, compare, refuse what cannot be, then make or remove, in order and in parallel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from .._aws import settle
from .._aws._call import AwsError, is_denial, is_overtaken
from .._aws.codes import UNSEEN
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

# How often it is tried to do what is left to do, if somebody else is faster: in each of the stages, and one more.
_MOST_TRIES = 5

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
    # Whether it is there, under its name, once the first call has been made that makes it.
    made_by_one_call: ClassVar[bool] = True

    @abstractmethod
    def read(self, name: str, arn: str) -> Found[R] | None:
        """What AWS holds under this name, or this ARN, whichever the kind is known by."""

    def elsewhere(self, name: str, arn: str) -> Found[R] | None:  # noqa: ARG002
        """What AWS holds under this name and another ARN, where that keeps the name from us; may list the account."""
        return None

    def list_first(self, *, first: bool) -> None:
        """Whether to ask for all resources of the kind at once from now on, where AWS offers that, or for each.

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
    there: Collection[str] = (),
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
        there: ARNs of what calls have been made for: AWS may not show it yet, but holds what is wanted of it.

    Raises:
        AwsError: from the calls.
    """
    compare_one = _compare_readable if may_be_denied else _compare
    calls: list[Callable[[], tuple[Any, Change[Any]] | None]] = []
    for item in work:
        item.noun.list_first(first=list_first)
        for desired in item.wanted:
            is_there = desired.arn in there and item.noun.made_by_one_call
            read = partial(_read_again if is_there else _read, item.noun, desired)
            calls.append(partial(compare_one, item.noun, read, desired, connection, choices))
        calls += [partial(_unwanted, item.noun, name, arn, connection) for name, arn in item.unwanted]
    # From the beginning where a part is not to be seen of something that is: it is too new, or gone meanwhile.
    whole = [partial(settle.settled, call, UNSEEN) for call in calls]
    compared = [found for found in parallel.run(whole) if found is not None]
    marks = grants_marks([granted for granted, _change in compared if granted]) if remember_grants else {}
    return [_completed(change, marks.get(type(granted), {})) for granted, change in compared]


def _read(noun: Noun[R], desired: R) -> Found[R] | None:
    return noun.read(desired.name, desired.arn)


def _read_again(noun: Noun[R], desired: R) -> Found[R]:
    """What AWS says that it holds, and may not show yet.

    Raises:
        AwsError: C(aws_not_seen), it does not show it.
    """
    look = partial(_read, noun, desired)
    found = look() or noun.elsewhere(desired.name, desired.arn) or settle.seen(look)
    if found is None:
        raise AwsError(
            f"Cannot read the {noun.kind} {desired.name}: AWS does not show it, still after "
            f"{settle.DEADLINE_SECONDS:g} seconds, though it was made or found by this run.",
            code="aws_not_seen",
            hint="Another run may have removed it, or it is at another IAM path; run this again.",
            aws_code="",
        )
    return found


def _compare(
    noun: Noun[R], read: Callable[[], Found[R] | None], desired: R, connection: Connection, choices: Choices
) -> tuple[R, Change[R]]:
    """What the user is to approve of the resource, and its change, of which the differences are still to be told."""
    marks = {**owner_tags(connection), **noun.marks(desired)}
    found = read()
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


def _compare_readable(
    noun: Noun[R], read: Callable[[], Found[R] | None], desired: R, connection: Connection, choices: Choices
) -> tuple[R, Change[R]]:
    """As C(_compare); of a resource that cannot be read only why is known."""
    try:
        return _compare(noun, read, desired, connection, choices)
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

    Where AWS turns out to be otherwise than it was a moment ago, since another run works on the same or the answer to a
    call was lost, it looks again and does what is left to do.

    Args:
        work: what is wanted and what is not.
        connection: whose it is to be.
        choices: of the user; in check mode an update may grant more than what was approved before.
        check_mode: whether to write nothing.

    Returns:
        The changes from what was found first, whoever has made them in the end.

    Raises:
        InputError: before the first write: C(preview_plan), the plan holds stand-ins of a dry run, or one of the codes
            of C(obstacles). The latter also later, if somebody else has put one up meanwhile.
        AwsError: from the calls; C(aws_overtaken), it was otherwise again and again.
    """
    if not check_mode:
        _refuse_stand_ins(work)
    changes = compare(work, connection, choices)
    allowed = replace(choices, approve_changes=choices.approve_changes or check_mode)
    refuse_errors(obstacles(changes, allowed), "This step wrote nothing", differences=widened(changes))
    if check_mode:
        return changes
    begun: set[str] = set()
    left = changes
    for _ in range(_MOST_TRIES):
        try:
            _apply(work, [change for change in left if change.action != "none"], begun)
        except ClumioError as error:
            if not is_overtaken(error):
                raise
            overtaken = error
        else:
            return changes
        left = compare(work, connection, choices, list_first=False, there=begun)
        refuse_errors(obstacles(left, choices), "Somebody else was at work, so this step stopped halfway")
        changes = _joined(changes, left)
    raise _overtaken(overtaken)


def _joined(first: Sequence[Change[Any]], then: Sequence[Change[Any]]) -> list[Change[Any]]:
    """The changes from what was found first to what is wanted by now."""
    late = {change.place["arn"]: change for change in then}
    result = []
    for change in first:
        latest = late.pop(change.place["arn"], None)
        if latest is None or latest.after is None:
            result.append(change)
        elif change.action == "none":
            result.append(latest)
        else:
            after, before = latest.after, change.before
            told = differences(after, before) if before else ()
            result.append(replace(change, after=after, extras=latest.extras, differences=told))
    return [*result, *late.values()]


def _overtaken(error: ClumioError) -> AwsError:
    return AwsError(
        error.message,
        code="aws_overtaken",
        hint="Another run seems to work on the same resources: run this again when it has ended.",
        **error.facts,
    )


def _apply(work: Sequence[Work[Any]], due: Sequence[Change[Any]], begun: set[str]) -> None:
    """Carry changes out.

    Args:
        work: the nouns.
        due: the changes.
        begun: takes the ARNs of all that calls have been made for.
    """
    nouns = {item.noun.section: item.noun for item in work}
    made = [change for change in due if change.after is not None]
    _run_in_stages([(change, nouns[change.section].stages(change)) for change in made], begun)
    # Last, since a digest of grants is written once they are in force.
    parallel.run([partial(_tag, nouns[change.section], change) for change in made if change.before is not None])
    removed = [change for change in due if change.after is None]
    _run_in_stages([(change, nouns[change.section].removal(change.resource)) for change in removed], begun)


def _run_in_stages(stages: Sequence[tuple[Change[Any], Sequence[Stage]]], begun: set[str]) -> None:
    for number in range(max((len(of_one) for _change, of_one in stages), default=0)):
        now = [(change, of_one[number]) for change, of_one in stages if len(of_one) > number]
        begun.update(change.resource.arn for change, calls in now if calls)
        parallel.run([call for _change, calls in now for call in calls])


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
