"""The tables. Rows are inert; the SQL of each table lives in the class named after it."""

from app.models.base import Base
from app.models.change import Change, Delivery, Feed, Webhook
from app.models.collection import Collection, Subscription
from app.models.connection import Authorization, Connection, EntitySettings, Token
from app.models.link import Conflict, Link, Match, MatchKey
from app.models.record import Meeting, Owner, Record, Revision
from app.models.run import Effect, PlanStep, Run
from app.models.workspace import Credential, IdempotencyKey, MicrosoftApp, Route, Timer, Workspace

GLOBAL_TABLES = frozenset({"workspaces", "credentials", "routes", "timers"})

__all__ = [
    "GLOBAL_TABLES",
    "Authorization",
    "Base",
    "Change",
    "Collection",
    "Conflict",
    "Connection",
    "Credential",
    "Delivery",
    "Effect",
    "EntitySettings",
    "Feed",
    "IdempotencyKey",
    "Link",
    "Match",
    "MatchKey",
    "Meeting",
    "MicrosoftApp",
    "Owner",
    "PlanStep",
    "Record",
    "Revision",
    "Route",
    "Run",
    "Subscription",
    "Timer",
    "Token",
    "Webhook",
    "Workspace",
]
