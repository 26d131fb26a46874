"""Makes the running versions match what the deployments want: load, warm up, probe, then swap."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from relens.deployments import store
from relens.deployments.deployment import Deployment, Serving
from relens.inference.load import LoadedVersion, load
from relens.infra.database import Database
from relens.infra.storage import Storage
from relens.kit import clock
from relens.kit.errors import RelensError
from relens.registry import store as registry_store
from relens.registry.model_version import ModelVersion, artifact_key
from relens.serving import memory
from relens.serving.batch import Calm, best_together
from relens.serving.fleet import Fleet
from relens.serving.quietly import quietly
from relens.serving.vet import last_images, vet

logger = logging.getLogger("relens.serving")
RETRY_S = 15.0


class Swapper:
    """Follows the revisions of all deployments. The old version answers until the new one can; a failed load changes nothing."""

    def __init__(self, database: Database, storage: Storage, threads: int) -> None:
        self._database = database
        self._storage = storage
        self._threads = threads
        self.fleet = Fleet(self._load)
        self._live: dict[str, Deployment] = {}
        self._seen: dict[str, int] = {}
        self._failed: dict[str, tuple[int, float]] = {}
        self._states: dict[str, Serving] = {}
        self._versions: dict[str, ModelVersion] = {}
        self._together: dict[str, int] = {}
        self._calm: Calm = lambda: None

    def steps_aside(self, calm: Calm) -> None:
        """From now on a version is brought in small steps, before each of which `calm` waits for a moment in which nobody is being answered."""
        self._calm = calm

    def live(self, reference: str) -> Deployment | None:
        """The deployment as it answers now, by id or name; None while it is not loaded."""
        found = self._live.get(reference)
        return found or next((one for one in list(self._live.values()) if one.name == reference), None)

    def state(self, deployment_id: str) -> Serving:
        return self._states.get(deployment_id, Serving("loading"))

    def name_of(self, deployment_id: str) -> str:
        """The name of a deployment that answers here."""
        found = self._live.get(deployment_id)
        return found.name if found else deployment_id

    def version(self, version_id: str) -> ModelVersion:
        """The version's row; versions never change, so it is read once."""
        if version_id not in self._versions:
            with self._database.read() as connection:
                self._versions[version_id] = registry_store.get(connection, version_id)
        return self._versions[version_id]

    def known_version(self, version_id: str) -> ModelVersion | None:
        """The version's row when it is in memory, as it is of every version that answers."""
        return self._versions.get(version_id)

    @contextmanager
    def borrow(self, version_id: str) -> Iterator[LoadedVersion]:
        """Any version, for one look: a running one where it runs, otherwise loaded for this."""
        if self.fleet.has(version_id):
            with self.fleet.use(version_id) as loaded:
                yield loaded
            return
        loaded = self._open(version_id)
        try:
            yield loaded
        finally:
            loaded.close()

    def identity(self, reference: str) -> str:
        """The id of a deployment, also while it does not answer. Raises NoDeployment or Archived."""
        with self._database.read() as connection:
            return store.in_use(connection, reference).id

    def has_failed(self, deployment_id: str) -> bool:
        """Whether the version it wants could not be loaded, or not the last time that was tried."""
        return self.state(deployment_id).state == "failed"

    def step(self) -> bool:
        """One look at the database; loads what is new. Answers False: there is never more at once."""
        with self._database.read(behind=True) as connection:
            revisions = store.revisions(connection)
            changed = [d for d, revision in revisions.items() if self._must_follow(d, revision)]
            wanted = [store.get(connection, deployment_id) for deployment_id in changed]
        gone = self._live.keys() - revisions.keys()
        for deployment_id in gone:
            del self._live[deployment_id]
            # Brought back, it says anew how far it is, also where that is what it said last.
            self._states.pop(deployment_id, None)
        for deployment in wanted:
            self._follow(deployment)
        if wanted or gone:
            self.fleet.keep_only({v for d in self._live.values() for v in (d.champion, d.shadow, d.canary) if v})
        if self.fleet.let_go():
            self._calm()
            memory.give_back()
        return False

    def _must_follow(self, deployment_id: str, revision: int) -> bool:
        failed_revision, failed_at = self._failed.get(deployment_id, (-1, 0.0))
        if failed_revision == revision:
            return clock.stopwatch() - failed_at > RETRY_S
        return self._seen.get(deployment_id) != revision

    def _follow(self, deployment: Deployment) -> None:
        """Brings every version the deployment wants, the champion first, then answers with them."""
        # What went wrong the last time this revision was tried says nothing of this time.
        self._failed.pop(deployment.id, None)
        if deployment.target == "external":
            self._settle(
                deployment, deployment, Serving("external", "answers on your own machines", deployment.champion)
            )
            return
        before = self._live.get(deployment.id)
        said: list[str] = []
        for role in ("champion", "shadow", "canary"):
            version = deployment.version_in(role)
            if version is None or self.fleet.has(version):
                continue
            self._say(deployment.id, Serving("loading", f"loading the {role}", before.champion if before else None))
            try:
                quietly(partial(self.fleet.bring, version, partial(self._vet, before, deployment, said)))
            except Exception as error:
                logger.exception("%s: the %s %s could not be loaded", deployment.name, role, version)
                self._give_up(deployment, role, error, before)
                if role == "champion":
                    return
                deployment = replace(deployment, shadow=None) if role == "shadow" else replace(deployment, canary=None)
        self._settle(deployment, deployment, Serving("live", "; ".join(said), deployment.champion))

    def _vet(self, before: Deployment | None, deployment: Deployment, said: list[str], loaded: LoadedVersion) -> None:
        """Tries the loaded version on the images answered last; raises when it must not answer."""
        with self._database.read() as connection:
            images = last_images(connection, self._storage, deployment)
        self._say(deployment.id, Serving("warming", f"trying {loaded.title}", before.champion if before else None))
        champion = before.champion if before else None
        thresholds = (before.threshold if before else deployment.threshold, deployment.threshold)
        if champion is not None and self.fleet.has(champion):
            with self.fleet.use(champion) as answering:
                sentence = vet(loaded, images, answering, thresholds, self._calm)
        else:
            sentence = vet(loaded, images, None, thresholds, self._calm)
        if sentence:
            logger.info("%s: %s", deployment.name, sentence)
            said.append(sentence)

    def _give_up(self, deployment: Deployment, role: str, error: Exception, before: Deployment | None) -> None:
        self._failed[deployment.id] = (deployment.revision, clock.stopwatch())
        reason = str(error) if isinstance(error, RelensError) else f"{type(error).__name__}: {error}"
        still = (
            f"; {'the version before it goes on answering' if before else 'nothing answers yet'}"
            if role == "champion"
            else ""
        )
        self._say(
            deployment.id,
            Serving("failed", f"the {role} could not be loaded: {reason}{still}", before.champion if before else None),
            anew=True,
        )

    def _settle(self, deployment: Deployment, live: Deployment, serving: Serving) -> None:
        self._live[deployment.id] = live
        self._seen[deployment.id] = deployment.revision
        if deployment.id not in self._failed:
            self._say(deployment.id, serving, anew=True)

    def _say(self, deployment_id: str, serving: Serving, *, anew: bool = False) -> None:
        """`anew`: also where that is what was said last, for a restore or a retry between two looks wrote 'loading' over it."""
        if anew or self._states.get(deployment_id) != serving:
            self._states[deployment_id] = serving
            self._database.write(lambda connection: store.set_serving(connection, deployment_id, serving))

    def _load(self, version_id: str) -> LoadedVersion:
        """As it answers: warm, and with how many images to run at once, which is measured once."""
        loaded = self._open(version_id)
        try:
            if version_id not in self._together:
                self._together[version_id] = best_together(loaded, self._calm)
            return replace(loaded, together=self._together[version_id])
        except BaseException:
            loaded.close()
            raise

    def _open(self, version_id: str) -> LoadedVersion:
        version = self.version(version_id)
        key = artifact_key(version.artifact)
        file = self._storage.path(key)
        onnx = file if file is not None and file.is_file() else self._storage.get(key)
        self._calm()
        loaded = load(onnx, version.read_manifest(), version_id, self._threads, title=version.title)
        try:
            self._calm()
            loaded.warm_up()
            return loaded
        except BaseException:
            loaded.close()
            raise
