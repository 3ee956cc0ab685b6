import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from bench.redis_server import RedisServer
from service.cluster import names
from service.cluster.depot import Depot, DepotUnfit
from service.cluster.store_notice import StoreNotice, find_depot, open_depot, what_is_told
from service.settings import Settings
from tests.service.cluster.depot_kit import client_of


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with client_of(redis_server.url) as client:
        yield client


@pytest.fixture
def url(redis_server: RedisServer) -> str:
    return redis_server.url


def notice_of(client: redis.Redis, url: str, folder: Path | str) -> StoreNotice:
    settings = Settings(redis_url=url, store_url=str(folder))
    return StoreNotice(client, settings, open_depot(settings))


def found(client: redis.Redis, url: str, store_url: Path | str = "") -> Depot:
    return find_depot(client, Settings(redis_url=url, store_url=str(store_url)))


def test_a_worker_finds_the_depot_that_a_server_told_of(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with notice_of(client, url, tmp_path):
        assert found(client, url).folder == tmp_path
        assert found(client, url, tmp_path).folder == tmp_path


def test_without_a_store_url_it_is_the_data_dir(tmp_path: Path) -> None:
    assert open_depot(Settings(data_dir=tmp_path)).folder == tmp_path


def test_a_worker_is_told_to_wait_while_no_server_has_told(client: redis.Redis, url: str) -> None:
    with pytest.raises(DepotUnfit, match="no `tierline serve --redis` has told yet") as refused:
        found(client, url)
    assert refused.value.retry_after_s == 1


def test_a_worker_finds_the_depot_after_all_servers_have_ended(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with notice_of(client, url, tmp_path):
        pass
    assert found(client, url).folder == tmp_path


def test_a_worker_with_another_folder_is_refused(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with (
        notice_of(client, url, tmp_path / "one"),
        pytest.raises(DepotUnfit, match="not the store that the servers use") as refused,
    ):
        found(client, url, tmp_path / "two")
    assert refused.value.retry_after_s is None
    assert "TIERLINE_STORE_URL" in refused.value.detail


def test_a_folder_of_the_same_name_on_another_machine_is_refused(client: redis.Redis, url: str, tmp_path: Path) -> None:
    """Stood in for by a folder that is moved away: the URL is the same, what lies there is not."""
    with notice_of(client, url, tmp_path / "store"):
        (tmp_path / "store").rename(tmp_path / "elsewhere")
        (tmp_path / "store").mkdir()
        with pytest.raises(DepotUnfit, match="not the store that the servers use"):
            found(client, url)
        with pytest.raises(DepotUnfit, match="not the store that other servers of this Redis use"):
            notice_of(client, url, tmp_path / "store").__enter__()


def test_a_second_server_with_the_same_store_is_welcome(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with notice_of(client, url, tmp_path):
        token = what_is_told(client)["token"]
        with notice_of(client, url, f"file://{tmp_path}"):
            assert what_is_told(client)["token"] == token
            assert found(client, url).folder == tmp_path


def test_a_second_server_with_another_store_is_refused_until_the_first_has_ended(
    client: redis.Redis, url: str, tmp_path: Path
) -> None:
    with notice_of(client, url, tmp_path / "one"), pytest.raises(DepotUnfit, match=r"stop all servers for 30 s"):
        notice_of(client, url, tmp_path / "two").__enter__()
    with notice_of(client, url, tmp_path / "two"):
        assert found(client, url).folder == tmp_path / "two"
        with pytest.raises(DepotUnfit):
            found(client, url, tmp_path / "one")


def test_after_a_server_that_was_killed_another_store_may_be_used_in_a_while(
    client: redis.Redis, url: str, tmp_path: Path
) -> None:
    with notice_of(client, url, tmp_path / "one"):
        told = what_is_told(client)
    seconds, _ = client.time()
    client.hset(names.STORE, mapping={**told, "at": seconds - 31})
    with notice_of(client, url, tmp_path / "two"):
        assert found(client, url).folder == tmp_path / "two"


def test_servers_that_start_at_once_on_one_store_agree(client: redis.Redis, url: str, tmp_path: Path) -> None:
    for round in range(5):
        client.flushall()
        notices = [notice_of(client, url, tmp_path / f"store-{round}") for _ in range(6)]
        failed: list[BaseException] = []

        def start(notice: StoreNotice, failed: list[BaseException] = failed) -> None:
            try:
                notice.__enter__()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=start, args=(notice,)) for notice in notices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert found(client, url).folder == tmp_path / f"store-{round}"
        for notice in notices:
            notice.tell_again()
        assert found(client, url).folder == tmp_path / f"store-{round}"
        for notice in notices:
            notice.__exit__()


def test_of_servers_that_start_at_once_on_two_stores_only_one_kind_starts(client: redis.Redis, url: str, tmp_path: Path) -> None:
    for _ in range(5):
        client.flushall()
        started: list[str] = []
        refused: list[str] = []

        def start(name: str, notices: ExitStack, started: list[str] = started, refused: list[str] = refused) -> None:
            try:
                notices.enter_context(notice_of(client, url, tmp_path / name))
                started.append(name)
            except DepotUnfit:
                refused.append(name)

        with ExitStack() as notices:  # else they would go on telling, whoever has Redis' port then
            threads = [threading.Thread(target=start, args=(name, notices)) for name in ("one", "two", "one", "two")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(set(started)) == len(set(refused)) == 1
        assert set(started) != set(refused)


def test_a_redis_that_forgot_is_told_again(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with notice_of(client, url, tmp_path) as notice:
        client.flushall()
        notice.tell_again()
        assert found(client, url).folder == tmp_path


def test_a_server_does_not_overwrite_what_another_told_in_its_absence(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with notice_of(client, url, tmp_path / "one") as first:
        client.hset(names.STORE, "at", 0)
        with notice_of(client, url, tmp_path / "two"):
            first.tell_again()
            assert found(client, url).folder == tmp_path / "two"


def test_a_store_that_cannot_be_written_is_refused_at_the_start(client: redis.Redis, url: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DepotUnfit, match="cannot be reached"):
        notice_of(client, url, tmp_path / "file" / "below").__enter__()
    assert what_is_told(client) == {}


def test_redis_never_hears_of_a_password(client: redis.Redis, url: str, tmp_path: Path) -> None:
    with notice_of(client, url, f"memory://user:hidden@{tmp_path}"):
        assert "hidden" not in str(what_is_told(client))
        with pytest.raises(DepotUnfit, match="Fix: set TIERLINE_STORE_URL here"):
            found(client, url)
        assert found(client, url, f"memory://user:hidden@{tmp_path}").url == f"memory://user:hidden@{tmp_path}"
