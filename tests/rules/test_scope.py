"""Whether a record belongs in a mailbox, and why not."""

from datetime import UTC, datetime, timedelta

import pytest

from app.records.reasons import Reason
from app.sync.scope import Facts, Filter, Ownership, Scope, scope
from app.sync.settings import ContactSettings

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
BEFORE, AFTER = BEGAN - timedelta(days=1), BEGAN + timedelta(days=1)


def settings(**chosen):
    return ContactSettings.of({"folder_name": "Acme Realty", **chosen}).scope(
        "ada", began_at=BEGAN, rules={}, now=BEGAN
    )


def owned(**access):
    return [{"user": user, "access": level} for user, level in access.items()]


def facts(*, owners=None, met=False, born_at=None, rejected=False, **said):
    return Facts(
        said={"owners": owned(ada="primary") if owners is None else owners, **said},
        born_at=born_at,
        rejected=rejected,
        met=met,
    )


@pytest.mark.feature("B5")
@pytest.mark.parametrize(
    ("owners", "ownership", "reason"),
    [
        pytest.param([], "all_assigned", "no_owner", id="nobody's"),
        pytest.param([], "primary_only", "no_owner", id="nobody's, where only primary owners count"),
        pytest.param(owned(ben="primary"), "all_assigned", "not_an_owner", id="somebody else's"),
        pytest.param(owned(ben="primary"), "primary_only", "not_an_owner", id="somebody else's own"),
        pytest.param(owned(ada="primary"), "all_assigned", "in_scope", id="hers"),
        pytest.param(owned(ada="primary"), "primary_only", "in_scope", id="her own"),
        pytest.param(owned(ada="full", ben="primary"), "all_assigned", "in_scope", id="she may edit it"),
        pytest.param(owned(ada="view_only"), "all_assigned", "in_scope", id="she may look at it"),
        pytest.param(owned(ada="full", ben="primary"), "primary_only", "not_primary_owner", id="not her own"),
        pytest.param(owned(ada="view_only"), "primary_only", "not_primary_owner", id="only looked at"),
    ],
)
def test_a_record_belongs_in_the_mailboxes_of_its_owners(owners, ownership, reason):
    assert scope(settings(ownership=ownership), facts(owners=owners)) == reason


@pytest.mark.feature("B4")
@pytest.mark.parametrize(
    ("chosen", "said", "reason"),
    [
        pytest.param([], {"classes": ["vendor"]}, "in_scope", id="no class chosen: every class"),
        pytest.param([], {}, "in_scope", id="no class chosen, and none said"),
        pytest.param(["buyer"], {"classes": ["buyer"]}, "in_scope", id="of the class chosen"),
        pytest.param(["buyer"], {"classes": ["vendor", "buyer"]}, "in_scope", id="of two, one chosen"),
        pytest.param(["buyer", "vendor"], {"classes": ["vendor"]}, "in_scope", id="of one of two chosen"),
        pytest.param(["buyer"], {"classes": ["vendor"]}, "class_not_selected", id="of another class"),
        pytest.param(["buyer"], {"classes": ["Buyer"]}, "class_not_selected", id="words are exact"),
        pytest.param(["buyer"], {"classes": []}, "class_not_selected", id="of no class"),
        pytest.param(["buyer"], {}, "class_not_selected", id="the CRM never said"),
        pytest.param(["buyer"], {"born_at": BEFORE}, "in_scope", id="born in Microsoft, the CRM never said"),
        pytest.param(
            ["buyer"], {"born_at": BEFORE, "classes": []}, "class_not_selected",
            id="born in Microsoft, and the CRM said none",
        ),
        pytest.param(
            ["buyer"], {"met": True, "classes": []}, "class_not_selected", id="also where it has an item",
        ),
    ],
)  # fmt: skip
def test_classes_are_a_filter(chosen, said, reason):
    assert scope(settings(classes=chosen), facts(**said)) == reason


SINCE = {"existing_records": "from_date", "existing_since": "2026-03-01"}
NEW = {"existing_records": "only_new"}


@pytest.mark.feature("D3")
@pytest.mark.parametrize(
    ("chosen", "said", "reason"),
    [
        pytest.param({}, {}, "in_scope", id="all, whenever created"),
        pytest.param(NEW, {"created_at": AFTER.isoformat()}, "in_scope", id="created since it was switched on"),
        pytest.param(NEW, {"created_at": BEGAN.isoformat()}, "in_scope", id="created at that very moment"),
        pytest.param(NEW, {"created_at": BEFORE.isoformat()}, "before_start_date", id="created before"),
        pytest.param(NEW, {}, "no_created_at", id="nobody knows when: an existing one"),
        pytest.param(NEW, {"born_at": AFTER}, "in_scope", id="first seen since"),
        pytest.param(NEW, {"born_at": BEFORE}, "before_start_date", id="first seen before, in another mailbox"),
        pytest.param(
            NEW, {"born_at": AFTER, "created_at": BEFORE.isoformat()}, "before_start_date",
            id="the CRM's own time counts where it says one",
        ),
        pytest.param(NEW, {"met": True}, "in_scope", id="it has an item already"),
        pytest.param(NEW, {"met": True, "created_at": BEFORE.isoformat()}, "in_scope", id="old, but it is there"),
        pytest.param(SINCE, {"created_at": "2026-03-01T00:00:00Z"}, "in_scope", id="on the day"),
        pytest.param(SINCE, {"created_at": "2026-02-28T23:59:59Z"}, "before_start_date", id="the day before"),
        pytest.param(SINCE, {"created_at": "2026-03-01T00:30:00+02:00"}, "before_start_date", id="days are UTC's"),
        pytest.param(SINCE, {}, "no_created_at", id="from a day on, and nobody knows when"),
        pytest.param(
            {"existing_records": "from_date"}, {"created_at": BEFORE.isoformat()}, "before_start_date",
            id="no day chosen: since it was switched on",
        ),
        pytest.param(
            {**NEW, "existing_since": "2026-01-01"}, {"created_at": BEFORE.isoformat()}, "before_start_date",
            id="a day that nobody asks for is ignored",
        ),
    ],
)  # fmt: skip
def test_records_older_than_the_sync_wait_unless_asked_for(chosen, said, reason):
    assert scope(settings(**chosen), facts(**said)) == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param({"owners": [], "rejected": True, "classes": ["vendor"]}, "no_owner", id="owners first"),
        pytest.param({"rejected": True, "classes": ["vendor"]}, "rejected_by_crm", id="then the CRM's no"),
        pytest.param({"classes": ["vendor"]}, "class_not_selected", id="then the filters"),
        pytest.param({"classes": ["buyer"]}, "no_created_at", id="then its age"),
    ],
)
def test_of_several_reasons_the_most_basic_is_told(said, reason):
    assert scope(settings(classes=["buyer"], **NEW), facts(**said)) == reason


def test_other_entities_only_bring_other_filters():
    """An event has one activity type and one project, where a contact has classes."""
    mailbox = Scope(
        user="ada",
        ownership=Ownership.ALL_ASSIGNED,
        filters=(
            Filter("activity_type", frozenset({"inspection"}), Reason.ACTIVITY_TYPE_NOT_SELECTED),
            Filter("project", frozenset({"p-1"}), Reason.PROJECT_NOT_ACTIVE),
        ),
    )

    seen = [
        scope(mailbox, facts(activity_type=kind, project=project))
        for kind, project in [
            ("inspection", "p-1"),
            ("inspection", "p-2"),
            ("appraisal", "p-1"),
            (None, None),
        ]
    ]

    assert seen == ["in_scope", "project_not_active"] + ["activity_type_not_selected"] * 2
