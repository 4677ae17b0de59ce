"""What can be chosen of each entity's sync, and what that means for it (``api.md`` §4). Pure."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final, Self

from app.records import Fields
from app.records.reasons import Reason
from app.sync.conflicts import Policy, Resolution
from app.sync.mails import Invitations, covers, is_ahead
from app.sync.masks import Part
from app.sync.policy import Access
from app.sync.scope import Days, Filter, Ownership, Private, Scope

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSettings:
    """What every entity's settings have in common. ``NAME`` is the field that names the container."""

    NAME: ClassVar[str]

    direction: str = "disabled"
    conflict_resolution: str = "newest_wins"
    field_overrides: Mapping[str, str] = field(default_factory=dict)
    existing_records: str = "all"
    existing_since: str | None = None
    import_new: bool = True
    removed_from_crm: str = "keep"
    deleted_in_microsoft: str = "delete"
    left_scope: str = "keep"

    @classmethod
    def choosable(cls) -> tuple[str, ...]:
        """Return what can be chosen."""
        return tuple(part.name for part in fields(cls))

    @classmethod
    def of(cls, values: Json) -> Self:
        """Return settings from their stored form, whatever else stands there."""
        known: Json = {name: values[name] for name in cls.choosable() if name in values}
        lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        return cls(**(known | lists))

    def document(self) -> Json:
        """Return what can be chosen as it is shown and stored."""
        shown = {name: getattr(self, name) for name in self.choosable()}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in shown.items()}

    @property
    @abstractmethod
    def container(self) -> str | None:
        """What the folder or calendar is called; None for the default one."""

    @property
    def shows(self) -> tuple[str, ...]:
        """Other entities, whose records are shown in the container as well."""
        return ()

    @property
    def default_minutes(self) -> int | None:
        """How long an item is that says no end."""
        return None

    def part(self, said: Json, doc: Fields, *, access: Access | None, now: datetime) -> Part:  # noqa: ARG002
        """Return the mailbox's part in a record of which the CRM said this besides its document."""
        return Part(access=access)

    @property
    def invitation_policy(self) -> Invitations:
        """Whether Outlook may mail the guests of what the CRM writes."""
        return Invitations.NEVER

    @abstractmethod
    def scope(self, user: str, *, began_at: datetime, rules: Json, now: datetime) -> Scope:
        """Return what this user's mailbox takes in.

        ``began_at``: when the sync was first switched on. ``rules`` are the workspace's.
        """

    @property
    @abstractmethod
    def reach(self) -> tuple[object, ...]:
        """Everything chosen that decides which records belong in the mailbox."""

    @property
    def policy(self) -> Policy:
        """Return who wins a conflict. Where only one side may write the other, that side does."""
        match self.direction:
            case "crm_to_microsoft":
                return Policy(Resolution.CRM_WINS)
            case "microsoft_to_crm":
                return Policy(Resolution.MICROSOFT_WINS)
            case "two_way":
                overrides = {name: Resolution(value) for name, value in self.field_overrides.items()}
                return Policy(Resolution(self.conflict_resolution), overrides)
            case _:
                return Policy()

    def since(self, began_at: datetime) -> datetime | None:
        """Return when records must have been created at the earliest to be new to this mailbox."""
        if self.existing_records == "all":
            return None
        if self.existing_records == "from_date" and self.existing_since is not None:
            return datetime.combine(date.fromisoformat(self.existing_since), time(), UTC)
        return began_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings(SyncSettings):
    """How the contacts of one connection sync."""

    NAME: ClassVar[str] = "folder_name"

    folder_name: str
    classes: tuple[str, ...] = ()
    ownership: str = "all_assigned"

    @property
    def container(self) -> str | None:
        return self.folder_name

    def scope(self, user: str, *, began_at: datetime, rules: Json, now: datetime) -> Scope:  # noqa: ARG002
        filters = (Filter("classes", frozenset(self.classes) or None, Reason.CLASS_NOT_SELECTED),)
        return Scope(
            user=user, ownership=Ownership(self.ownership), filters=filters, since=self.since(began_at)
        )

    @property
    def reach(self) -> tuple[object, ...]:
        return frozenset(self.classes), self.ownership, self.existing_records, self.existing_since


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSettings(SyncSettings):
    """How the calendar of one connection syncs."""

    NAME: ClassVar[str] = "calendar_name"

    calendar: str = "default"
    calendar_name: str
    activity_types: tuple[str, ...] = ()
    include_tasks: bool = False
    ownership: str = "all_assigned"
    window_past_days: int = 30
    window_future_days: int = 365
    default_duration_minutes: int = 30
    private_events: str = "as_private"
    invitations: str = "never"
    completed: str = "keep"

    @property
    def container(self) -> str | None:
        return self.calendar_name if self.calendar == "named" else None

    @property
    def shows(self) -> tuple[str, ...]:
        return ("tasks",) if self.include_tasks else ()

    @property
    def default_minutes(self) -> int | None:
        return self.default_duration_minutes

    def scope(self, user: str, *, began_at: datetime, rules: Json, now: datetime) -> Scope:
        return Scope(
            user=user,
            ownership=Ownership(self.ownership),
            filters=(
                Filter(
                    "activity_type", frozenset(self.activity_types) or None,
                    Reason.ACTIVITY_TYPE_NOT_SELECTED, mirrors=False,
                ),
                active_projects(rules),
            ),
            since=self.since(began_at),
            days=self.days(now),
            private=Private(self.private_events),
            completed=self.completed == "keep",
            tasks="tasks" in self.shows,
        )  # fmt: skip

    def part(self, said: Json, doc: Fields, *, access: Access | None, now: datetime) -> Part:
        asked = bool(said.get("invite"))
        covered = covers(self.invitation_policy, invite=asked)
        invites = covered and is_ahead(doc, now=now)
        return Part(
            access=access, private=Private(self.private_events), covered=covered, invites=invites, asked=asked
        )

    @property
    def invitation_policy(self) -> Invitations:
        return Invitations(self.invitations)

    def days(self, now: datetime) -> Days:
        """Return the days that sync, half-open: by the clock on the wall wherever an event takes place."""
        today = now.astimezone(UTC).date()
        return Days(
            today - timedelta(days=self.window_past_days), today + timedelta(days=self.window_future_days)
        )

    @property
    def reach(self) -> tuple[object, ...]:
        return (
            frozenset(self.activity_types), self.ownership, self.existing_records, self.existing_since,
            self.window_past_days, self.window_future_days, self.private_events, self.completed,
            self.include_tasks,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings(SyncSettings):
    """How the tasks of one connection sync."""

    NAME: ClassVar[str] = "list_name"

    list_name: str
    include: str = "opted_in"
    completed: str = "keep"

    @property
    def container(self) -> str | None:
        return self.list_name

    def scope(self, user: str, *, began_at: datetime, rules: Json, now: datetime) -> Scope:  # noqa: ARG002
        opted_in = frozenset({True}) if self.include == "opted_in" else None
        return Scope(
            user=user,
            filters=(Filter("opted_in", opted_in, Reason.NOT_OPTED_IN), active_projects(rules)),
            since=self.since(began_at),
            completed=self.completed == "keep",
        )

    @property
    def reach(self) -> tuple[object, ...]:
        return self.include, self.existing_records, self.existing_since, self.completed


def active_projects(rules: Json) -> Filter:
    """Return which projects take part (D2); what belongs to none does."""
    projects = rules.get("projects", {})
    listed = frozenset(projects.get("active", ())) if projects.get("mode") == "listed" else None
    return Filter("project", listed, Reason.PROJECT_NOT_ACTIVE, without=True)


KINDS: Final[Mapping[str, type[SyncSettings]]] = {
    "contacts": ContactSettings, "calendar": CalendarSettings, "tasks": TaskSettings,
}  # fmt: skip
BUILT: Final = tuple(KINDS)
"""The entities that can be configured; the others are known by name only."""
