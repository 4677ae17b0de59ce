"""What breaks the world, not the check, so that the named row must fail: the proof that a row reads anything.

``CONCORD_SMOKE_SABOTAGE=<row>`` breaks it just before that row, and mends it afterwards where that can be
done, so that the row holds again.
"""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import httpx
import psutil

from sandbox.crm.hook import PATH
from sandbox.demo.story import until
from sandbox.smoke.rows import journal
from sandbox.smoke.scene import QUICK_SECONDS, Scene

Sabotage = Callable[[Scene], AbstractContextManager[None]]
PAUSED = "redis-server"


@contextmanager
def the_queue_hangs(scene: Scene) -> Iterator[None]:
    family = psutil.Process(scene.dev["pid"]).children(recursive=True)
    queue = next(one for one in family if PAUSED in one.name())
    queue.suspend()
    try:
        yield
    finally:
        queue.resume()


@contextmanager
def microsoft_blocks_the_sign_in(scene: Scene) -> Iterator[None]:
    scene.stage.outlook.control("entra", mail=scene.mail, aadsts=53003)
    try:
        yield
    finally:
        scene.stage.outlook.control("entra", mail=scene.mail, aadsts=None)


@contextmanager
def another_program_writes_too(scene: Scene) -> Iterator[None]:
    scene.stage.concord.call("PUT", "/v1/contacts/stray", json={"display_name": "Stray"})
    try:
        yield
    finally:
        scene.stage.concord.call("DELETE", "/v1/contacts/stray")


@contextmanager
def microsoft_refuses_a_contact(scene: Scene) -> Iterator[None]:
    with fault(
        scene, {"status": 400, "code": "ErrorInvalidRequest"}, method="POST", path="*/contacts", times=1
    ):
        yield


@contextmanager
def somebody_renames_the_folder(scene: Scene) -> Iterator[None]:
    (ours,) = scene.stage.outlook.folders(scene.stage.folder)
    folder = f"/me/contactFolders/{ours['id']}"
    scene.stage.outlook.call("PATCH", folder, json={"displayName": "Renamed"})
    try:
        yield
    finally:
        scene.stage.outlook.call("PATCH", folder, json={"displayName": scene.stage.folder})


@contextmanager
def an_item_disappears(scene: Scene) -> Iterator[None]:
    item = scene.stage.outlook.contacts(scene.outlook_folder)[0]
    scene.stage.outlook.call("DELETE", f"/me/contacts/{item['id']}")
    try:
        yield
    finally:
        scene.stage.outlook.control("move", mail=scene.mail, id=item["id"], to=scene.outlook_folder)


@contextmanager
def an_item_is_copied(scene: Scene) -> Iterator[None]:
    item = scene.stage.outlook.contacts(scene.outlook_folder, expand=scene.dev["mark_property"])[0]
    mark = [{"id": one["id"], "value": one["value"]} for one in item["singleValueExtendedProperties"]]
    copy = {"displayName": item["displayName"], "singleValueExtendedProperties": mark}
    with nobody_is_told(scene):  # else the copy becomes somebody new
        made = scene.stage.outlook.add(scene.outlook_folder, **copy)
        try:
            yield
        finally:
            scene.stage.outlook.call("DELETE", f"/me/contacts/{made['id']}")


@contextmanager
def nobody_is_told(scene: Scene) -> Iterator[None]:
    scene.stage.outlook.control("settings", notifications=False)
    try:
        yield
    finally:
        scene.stage.outlook.control("settings", notifications=True)


@contextmanager
def microsoft_forgets_to_tell(scene: Scene) -> Iterator[None]:
    """Notifications are lost from now on, and a second look at what one told earlier is turned away."""
    with (
        nobody_is_told(scene),
        fault(scene, {"status": 503, "retry_after": 5}, method="GET", path="*/delta*"),
    ):
        yield


@contextmanager
def an_edit_goes_unheard(scene: Scene) -> Iterator[None]:
    """Somebody edits in Outlook while nobody tells Concord of it."""
    with microsoft_forgets_to_tell(scene):
        item = scene.stage.outlook.contacts(scene.outlook_folder)[0]
        scene.stage.outlook.edit(item, companyName="Nobody Heard Of It")
        try:
            yield
        finally:
            scene.stage.outlook.edit(item, companyName=item["companyName"])


@contextmanager
def the_secret_is_another(scene: Scene) -> Iterator[None]:
    """Concord signs with a secret that the CRM was never told, so the CRM refuses its deliveries."""
    (hook,) = scene.stage.concord.call("GET", "/v1/webhooks")["data"]
    scene.stage.concord.call("POST", f"/v1/webhooks/{hook['id']}/rotate-secret", json={"overlap_hours": 0})
    yield


@contextmanager
def microsoft_takes_no_edits(scene: Scene) -> Iterator[None]:
    with fault(scene, {"status": 503, "retry_after": 5}, method="PATCH", path="*/contacts/*"):
        yield


@contextmanager
def somebody_posts_unsigned(scene: Scene) -> Iterator[None]:
    httpx.post(f"{scene.stage.crm.url}{PATH}", json={"data": {"changes": []}}, timeout=QUICK_SECONDS)
    yield


@contextmanager
def an_edit_is_still_on_its_way(scene: Scene) -> Iterator[None]:
    """Microsoft puts one write off, so that it comes while all should be quiet."""
    before = journal(scene)[-1]["seq"]
    with fault(scene, {"status": 503, "retry_after": 1}, method="PATCH", path="*/contacts/*", times=1):
        somebody = scene.stage.crm.contacts()[0]
        scene.stage.crm.edit(somebody["crm_id"], company="Put Off")
        until(
            lambda: any(one["method"] == "PATCH" for one in journal(scene, after=before)),
            what="Concord has tried to write",
            within=QUICK_SECONDS,
        )
    yield


@contextmanager
def the_stack_is_killed(scene: Scene) -> Iterator[None]:
    psutil.Process(scene.dev["pid"]).kill()
    yield


@contextmanager
def the_database_is_lost(scene: Scene) -> Iterator[None]:
    assert scene.stack is not None  # noqa: S101 - the row owns its stack
    shutil.rmtree(scene.stack.folder / "postgres")
    yield


@contextmanager
def a_process_stays_behind(scene: Scene) -> Iterator[None]:
    assert scene.stack is not None  # noqa: S101 - the row owns its stack
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)", str(scene.stack.folder)]
    straggler = subprocess.Popen(sleeps, start_new_session=True)  # noqa: S603 - our own command
    try:
        yield
    finally:
        straggler.kill()
        straggler.wait()


SABOTAGES: Mapping[str, Sabotage] = {
    "started": the_queue_hangs,
    "signed-in": microsoft_blocks_the_sign_in,
    "loaded": another_program_writes_too,
    "first-sync": microsoft_refuses_a_contact,
    "folder": somebody_renames_the_folder,
    "counted": an_item_disappears,
    "marked": an_item_is_copied,
    "agreed": an_edit_goes_unheard,
    "added": the_secret_is_another,
    "heard": microsoft_forgets_to_tell,
    "written": microsoft_takes_no_edits,
    "signed": somebody_posts_unsigned,
    "quiet": an_edit_is_still_on_its_way,
    "stopped": the_stack_is_killed,
    "continued": the_database_is_lost,
    "nothing-left": a_process_stays_behind,
}


@contextmanager
def fault(
    scene: Scene, trouble: dict[str, object], *, times: int | None = None, **match: str
) -> Iterator[None]:
    """Let Microsoft answer this person's matching requests so, for a while."""
    order = {"match": {"mail": scene.mail, **match}, "skip": 0, "times": times, "fault": trouble}
    scene.stage.outlook.control("faults", **order)
    try:
        yield
    finally:
        with contextlib.suppress(httpx.HTTPError):
            httpx.delete(f"{scene.dev['sandbox']}/_sandbox/faults", timeout=QUICK_SECONDS)
