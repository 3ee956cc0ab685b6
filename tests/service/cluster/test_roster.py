import threading
from collections.abc import Iterator

import orjson
import pytest
import redis

from bench.redis_server import RedisServer
from service.cluster import names
from service.cluster.backend import WorkerLanguages
from service.cluster.connection import connect
from service.cluster.roster import Roster
from service.errors import Unavailable
from service.queue import BoxInfo, WorkerInfo
from service.schemas import LanguageInfo


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with connect(redis_server.url) as client:
        yield client


@pytest.fixture
def roster(client: redis.Redis) -> Roster:
    return Roster(client)


def a_worker(name: str, *cores: int) -> WorkerInfo:
    boxes = [BoxInfo(name=str(core), kind="standard", core=core, busy=False, runs=0, restarts=0) for core in cores]
    return WorkerInfo(name=name, wall="namespaces", boxes=boxes)


def a_language(name: str, *, available: bool = True, **more: str) -> LanguageInfo:
    return LanguageInfo(name=name, title=name.title(), available=available, **more)


def grow_older(client: redis.Redis, key: str, name: str, seconds: float) -> None:
    when, told = orjson.loads(client.hget(key, name))
    client.hset(key, name, orjson.dumps([when - seconds, told]))


def test_workers_are_shown_by_name_with_their_boxes_and_age(roster: Roster, client: redis.Redis) -> None:
    roster.tell(a_worker("b", 1))
    roster.tell(a_worker("a", 0, 1))
    grow_older(client, names.WORKERS, "b", 20)
    first, second = roster.workers()
    assert (first.name, second.name) == ("a", "b")
    assert first.boxes == a_worker("a", 0, 1).boxes
    assert 0 <= first.heartbeat_age_s < 10 < 20 <= second.heartbeat_age_s < 30
    assert [worker.name for worker in roster.alive()] == ["a"]


def test_who_was_not_heard_of_for_a_minute_is_forgotten(roster: Roster, client: redis.Redis) -> None:
    roster.tell(a_worker("a"))
    roster.tell(a_worker("b"))
    grow_older(client, names.WORKERS, "a", 61)
    assert [worker.name for worker in roster.workers()] == ["b"]
    assert client.hkeys(names.WORKERS) == [b"b"]
    roster.leave("b")
    assert roster.workers() == []


def test_boxes_are_counted_by_processor_and_are_one_at_least(roster: Roster, client: redis.Redis) -> None:
    assert roster.boxes() == 1
    roster.tell(a_worker("a", 0, 0, 1))
    roster.tell(a_worker("b", 0, 1, 2))
    roster.tell(a_worker("gone", 0, 1, 2, 3))
    grow_older(client, names.WORKERS, "gone", 11)
    assert Roster(client).boxes() == 5


def test_a_worker_of_another_version_hinders_nobody(roster: Roster, client: redis.Redis) -> None:
    client.hset(names.WORKERS, "odd", '[1, {"name": "odd"}]')
    client.hset(names.WORKERS, "odder", "not JSON")
    roster.tell(a_worker("a", 0))
    assert [worker.name for worker in roster.workers()] == ["a"]
    assert roster.boxes() == 1


def test_languages_of_all_workers_are_joined(roster: Roster) -> None:
    roster.tell_languages([a_language("python"), a_language("cpp17", available=False, reason="no g++")])
    roster.tell_languages([a_language("cpp17", version="12"), a_language("python", available=False), a_language("java")])
    known = {info.name: info for info in roster.languages()}
    assert {name: info.available for name, info in known.items()} == {"python": True, "cpp17": True, "java": True}
    assert known["cpp17"].version == "12"


def test_what_nobody_has_is_told_with_the_reason(roster: Roster) -> None:
    roster.tell_languages([a_language("cpp17", available=False, reason="no g++")])
    (known,) = roster.languages()
    assert (known.available, known.reason) == (False, "no g++")


def test_workers_that_start_at_once_lose_none_of_their_languages(redis_server: RedisServer) -> None:
    def tell(number: int) -> None:
        with connect(redis_server.url) as client:
            Roster(client).tell_languages([a_language(f"l{number}-{index}") for index in range(5)])

    threads = [threading.Thread(target=tell, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect(redis_server.url) as client:
        assert len(Roster(client).languages()) == 50


def test_a_language_outlives_its_workers_but_not_others_by_a_week(roster: Roster, client: redis.Redis) -> None:
    roster.tell_languages([a_language("old"), a_language("new")])
    grow_older(client, names.LANGUAGES, "old", 8 * 86400)
    assert [info.name for info in roster.languages()] == ["new"]
    grow_older(client, names.LANGUAGES, "new", 8 * 86400)
    assert {info.name for info in roster.languages()} == {"old", "new"}


def test_without_any_worker_nothing_can_be_judged_yet(roster: Roster, redis_server: RedisServer) -> None:
    table = WorkerLanguages(roster, redis_server.url)
    with pytest.raises(Unavailable, match="Fix: start `tierline worker --redis`"):
        table.find("python")
    roster.tell_languages([LanguageInfo(name="python", title="Python", available=True, aliases=("py",))])
    found = table.find("py")
    assert found is not None
    assert (found.name, table.available, table.find("cobol")) == ("python", ["python"], None)


def test_a_redis_that_is_away_is_unavailable(tmp_path_factory: pytest.TempPathFactory) -> None:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    with connect(server.url) as client:
        Roster(client).tell_languages([a_language("python")])
        server.stop()
        with pytest.raises(Unavailable, match="does not answer"):
            WorkerLanguages(Roster(client), server.url).find("python")
