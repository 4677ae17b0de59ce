"""Read a ``scope`` parameter as Entra reads it (facts §9.2)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.entra.permissions import CANONICAL, OIDC
from sandbox.entra.refusals import Refusal, missing

GRAPH = "https://graph.microsoft.com"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_NAMES = {
    "graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn",
    GRAPH_ID,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scopes:
    """``graph`` holds bare names; ``default`` stands for everything the application has configured."""

    graph: frozenset[str]
    oidc: frozenset[str]
    default: bool = False


def read_scopes(text: str | None, *, app_name: str) -> Scopes:
    """Return what was asked for, or raise Entra's refusal of the wording."""
    words = (text or "").split()
    if not words:
        raise missing("scope")
    pairs = [_resource_and_name(word) for word in words]
    resources = {resource for resource, name in pairs if name.lower() not in OIDC or resource != GRAPH_ID}
    if len(resources) > 1:
        raise Refusal(28000)
    if foreign := resources - {GRAPH_ID}:
        raise Refusal(500011, resource=min(foreign))
    names = [name for _, name in pairs]
    default = ".default" in names
    found = {_known(name, app_name) for name in names if name != ".default"}
    graph, oidc = frozenset(found - OIDC.keys()), frozenset(found & OIDC.keys())
    if default and graph:
        raise Refusal(70011, why="It mixes .default with permissions by name.", scope=text or "")
    return Scopes(graph, oidc, default)


def written_out(names: frozenset[str]) -> list[str]:
    """Return the names as answers carry them: Graph's with its address in front."""
    return [name if name in OIDC else f"{GRAPH}/{name}" for name in names]


def _resource_and_name(word: str) -> tuple[str, str]:
    resource, _, name = word.rpartition("/")
    if not resource:
        return GRAPH_ID, name
    host = (urlsplit(resource).hostname or resource).lower().rstrip("/")
    return (GRAPH_ID if host in GRAPH_NAMES else resource), name


def _known(name: str, app_name: str) -> str:
    if name.lower() not in CANONICAL:
        raise Refusal(650053, app=app_name, scope=name, resource=GRAPH_ID)
    return CANONICAL[name.lower()]
