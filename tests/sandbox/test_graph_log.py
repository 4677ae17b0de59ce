"""The local Graph after a restart, a kill and a compaction: as if nothing had happened."""

from pathlib import Path

import pytest
from graph_stage import IMMUTABLE, MARK, Outlook, Stage, listening, staged
from test_graph_subscriptions import wish

pytestmark = pytest.mark.feature("F8")
MAIL = "adele@contoso.example"


async def everything(outlook: Outlook) -> list:
    folders = (await outlook.read("me/contactFolders"))["value"]
    shown = [folders, (await outlook.read("me/contactFolders/delta"))["value"]]
    expand = f"$top=1000&$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
    paths = ["me", *(f"me/contactFolders/{folder['id']}" for folder in folders)]
    shown += [(await outlook.read(f"{path}/contacts?{expand}"))["value"] for path in paths]
    return [*shown, (await outlook.read("subscriptions"))["value"]]


async def a_life(stage: Stage, outlook: Outlook) -> dict[str, str]:
    """Do a bit of everything; return delta links from its middle."""
    folder = await outlook.made("me/contactFolders", displayName="Acme")
    path = f"me/contactFolders/{folder['id']}"
    child = await outlook.made(f"{path}/childFolders", displayName="Inner")
    lost = await outlook.made("me/contactFolders", displayName="Lost")
    mark = [{"id": MARK, "value": "lnk_1.1"}]
    ann = await outlook.made(f"{path}/contacts", displayName="Ann", singleValueExtendedProperties=mark)
    bob = await outlook.made(f"{path}/contacts", displayName="Bob")
    cy = await outlook.made(f"{path}/contacts", displayName="Cy", birthday="1990-01-02")
    links = {name: (await outlook.round(url, **IMMUTABLE))[1] for name, url in
             {"here": f"{path}/contacts/delta", "default": "me/contacts/delta", "folders": "me/contactFolders/delta"}.items()}  # fmt: skip
    await outlook.patch(f"me/contacts/{ann['id']}", json={"displayName": "Ann Lee", "birthday": "1990-01-01"})
    await outlook.delete(f"me/contacts/{bob['id']}")
    await stage.control("move", mail=MAIL, id=cy["id"], to="contacts")
    await outlook.patch(f"{path}/childFolders/{child['id']}", json={"displayName": "Core"})
    await outlook.delete(f"me/contactFolders/{lost['id']}")
    await stage.control("seed", mail=MAIL, folder="Acme", generate={"contacts": 300, "seed": 5})
    return links


def relative(link: str) -> str:
    return link.partition("/v1.0/")[2]


@pytest.mark.parametrize("compacted", [False, True], ids=["from its whole log", "from a compacted log"])
async def test_after_a_restart_everything_is_as_it_was(tmp_path: Path, compacted):
    async with listening() as board:
        listener = board.listener()
        async with staged(tmp_path) as stage:
            token = (await stage.control("tokens", mail=MAIL, scopes=["User.Read", "Contacts.ReadWrite"]))[
                "access_token"
            ]
            async with stage.client(token, **IMMUTABLE) as outlook:
                links = await a_life(stage, outlook)
                await outlook.made("subscriptions", **wish(stage, listener))
                before = await everything(outlook)
                told = {name: (await outlook.round(link, **IMMUTABLE))[0] for name, link in links.items()}
            if compacted:
                stage.world.compact()

        async with staged(tmp_path) as stage, stage.client(token, **IMMUTABLE) as outlook:
            assert await everything(outlook) == before
            for name, link in links.items():
                rows, _ = await outlook.round(relative(link), **IMMUTABLE)
                assert rows == told[name], name
            await outlook.made(displayName="After")
            (entry,) = await listener.hears(1)
            assert entry["changeType"] == "created"


async def test_a_snapshot_of_a_snapshot_is_the_same(tmp_path: Path):
    async with staged(tmp_path) as stage:
        async with await stage.outlook(**IMMUTABLE) as outlook:
            await a_life(stage, outlook)
        stage.world.compact()
        once = (tmp_path / "log.jsonl").read_bytes()

    async with staged(tmp_path) as stage:
        stage.world.compact()

    assert [
        line for line in (tmp_path / "log.jsonl").read_bytes().splitlines() if b"journal" not in line
    ] == [line for line in once.splitlines() if b"journal" not in line]


async def test_reset_forgets_every_mailbox(stage: Stage, adele: Outlook):
    await adele.made(displayName="x")

    await stage.control("reset")

    async with await stage.outlook() as again:
        assert (await again.read("me/contacts"))["value"] == []
