# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EventBridge rules with their targets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import events
from .._change import Change
from .._permissions.documents import compact
from .._permissions.names import Connection
from .._permissions.plan import Resource, Rule, Target
from . import parallel
from .converge import Found, Noun, Stage, owned_among


class Rules(Noun[Rule]):
    """Rules of the default event bus; targets that others have added stay, unless they are to be purged."""

    section = "rules"
    kind = "rule"

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._events = client("events")

    def read(self, name: str, arn: str) -> Found[Rule] | None:
        rule = events.describe_rule(self._events, name)
        if rule is None:
            return None
        calls: list[Callable[[], Any]] = [
            partial(events.list_targets, self._events, name),
            partial(events.list_rule_tags, self._events, arn),
        ]
        targets, tags = parallel.run(calls)
        found = Rule(
            name=name,
            arn=rule["Arn"],
            description=rule.get("Description", ""),
            event_pattern=json.loads(rule.get("EventPattern") or "{}"),
            state=rule["State"],
            targets=tuple(
                Target(
                    id=target["Id"],
                    arn=target["Arn"],
                    settings={member: target[member] for member in target if member not in ("Id", "Arn")},
                )
                for target in targets
            ),
            tags=tags,
        )
        return Found(found)

    def after(
        self,
        desired: Rule,
        found: Rule | None,
        superseded: Sequence[Resource],  # noqa: ARG002
        *,
        purge: bool,
    ) -> Rule:
        """A target that is there under another id, as one made by hand is, keeps that id."""
        if found is None:
            return desired
        named = {target.id for target in desired.targets}
        held = {target.id for target in found.targets}
        free = {target.arn: target.id for target in found.targets if target.id not in named}
        ours = [
            target if target.id in held else replace(target, id=free.pop(target.arn, target.id))
            for target in desired.targets
        ]
        taken = {target.id for target in ours}
        others = [] if purge else [target for target in found.targets if target.id not in taken]
        return replace(desired, targets=(*ours, *others))

    def extras(self, desired: Rule, after: Rule) -> Sequence[str]:
        # Ours come first, under whatever id.
        return [f"target {target.id} ({target.arn})" for target in after.targets[len(desired.targets) :]]

    def stages(self, change: Change[Rule]) -> Sequence[Stage]:
        rule, before = change.resource, change.before
        held = before.targets if before else ()
        due = [{**target.settings, "Id": target.id, "Arn": target.arn} for target in rule.targets if target not in held]
        kept = {target.id for target in rule.targets}
        superfluous = [target.id for target in held if target.id not in kept]
        put_rule = partial(
            events.put_rule,
            self._events,
            rule.name,
            description=rule.description,
            event_pattern=compact(rule.event_pattern),
            state=rule.state,
            tags=None if before else rule.tags,
        )
        remove_targets = partial(events.remove_targets, self._events, rule.name, superfluous)
        put_targets = partial(events.put_targets, self._events, rule.name, due)
        return [
            [put_rule] if before is None or set(change.differences) - {"targets", "tags"} else [],
            # A rule takes five targets at most.
            [remove_targets] if superfluous else [],
            [put_targets] if due else [],
        ]

    def tag(self, resource: Rule, tags: Mapping[str, str]) -> None:
        events.tag_rule(self._events, resource.arn, tags)

    def untag(self, resource: Rule, keys: Sequence[str]) -> None:
        events.untag_rule(self._events, resource.arn, keys)

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        everything = [(rule["Name"], rule["Arn"]) for rule in events.list_rules(self._events)]
        return owned_among(everything, lambda _name, arn: events.list_rule_tags(self._events, arn), connection)

    def removal(self, resource: Rule) -> Sequence[Stage]:
        ids = [target.id for target in resource.targets]
        return [
            [partial(events.remove_targets, self._events, resource.name, ids)] if ids else [],
            [partial(events.delete_rule, self._events, resource.name)],
        ]
