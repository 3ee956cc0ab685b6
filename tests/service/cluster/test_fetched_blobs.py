import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from service.blobs import Blob, BlobDamaged, BlobStore
from service.cluster.depot import Depot, DepotUnfit, blob_name
from service.cluster.fetched_blobs import FetchedBlobs
from tests.service.cluster.depot_kit import noise

MB = 1 << 20


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(str(tmp_path / "depot"))


@pytest.fixture
def there(tmp_path: Path) -> BlobStore:
    """What writes into the depot's folder past everything."""
    return BlobStore(tmp_path / "depot" / "blobs")


@pytest.fixture
def cache(tmp_path: Path, depot: Depot) -> FetchedBlobs:
    return FetchedBlobs(tmp_path / "cache", depot, MB)


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_blob_is_fetched_once_and_read_from_this_disk_afterwards(cache: FetchedBlobs, there: BlobStore) -> None:
    data = noise(300_000).encode()
    blob = there.add(data)
    assert cache.read(blob) == data
    there.path(blob).unlink()
    assert cache.read(blob) == data
    assert cache.fetched == 1


def test_what_another_process_fetched_is_not_fetched_again(
    cache: FetchedBlobs, there: BlobStore, depot: Depot, tmp_path: Path
) -> None:
    blob = there.add(b"x")
    assert cache.read(blob) == b"x"
    other = FetchedBlobs(tmp_path / "cache", depot, MB)
    assert other.read(blob) == b"x"
    assert other.fetched == 0


def test_what_is_added_is_in_the_depot_at_once(cache: FetchedBlobs, depot: Depot, tmp_path: Path) -> None:
    first, second = cache.add(b"one"), cache.add_stream(iter([b"t", b"wo"]))
    other = FetchedBlobs(tmp_path / "other", depot, MB)
    assert (other.read(first), other.read(second)) == (b"one", b"two")


def test_adding_puts_back_what_the_depot_lost_or_cut_short(cache: FetchedBlobs, there: BlobStore) -> None:
    lost, cut = cache.add(b"lost"), cache.add(b"cut short")
    there.path(lost).unlink()
    there.path(cut).write_bytes(there.path(cut).read_bytes()[:-1])
    cache.add(b"lost")
    cache.add(b"cut short")
    assert (there.read(lost), there.read(cut)) == (b"lost", b"cut short")


def test_adding_what_is_old_makes_it_young(cache: FetchedBlobs, there: BlobStore, depot: Depot) -> None:
    blob = cache.add(b"x")
    os.utime(there.path(blob), (1, 1))
    cache.add(b"x")
    assert depot.is_fresh(blob_name(blob))


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "other"])
def test_damage_in_the_depot_is_never_read_and_putting_it_again_mends_it(
    cache: FetchedBlobs, there: BlobStore, tmp_path: Path, damage: str
) -> None:
    data = noise(5000).encode()
    blob, other = there.add(data), there.add(noise(5000).encode())
    path = there.path(blob)
    whole = path.read_bytes()
    damaged = {
        "cut": whole[:-3],
        "changed": whole[:2000] + bytes([whole[2000] ^ 4]) + whole[2001:],
        "empty": b"",
        "other": there.path(other).read_bytes(),
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(BlobDamaged, match=r"is damaged in file://.* put the problem again"):
        cache.read(blob)
    assert not cache.path(blob).exists()
    assert not list((tmp_path / "cache" / "tmp").iterdir())
    there.add(data)
    assert cache.read(blob) == data


def test_damage_that_cannot_be_removed_is_told_with_its_place(
    cache: FetchedBlobs, there: BlobStore, depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = there.add(b"x")
    there.path(blob).write_bytes(b"y")

    def refuse(name: str) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(depot, "remove", refuse)
    with pytest.raises(BlobDamaged, match=f"cannot be removed from here .*: remove blobs/{blob.hash[:2]}/{blob.hash}.zst there"):
        cache.read(blob)


def test_damage_on_this_disk_is_told_and_mended_by_the_next_reading(cache: FetchedBlobs, there: BlobStore) -> None:
    data = noise(5000).encode()
    blob = there.add(data)
    assert cache.read(blob) == data
    cache.path(blob).write_bytes(b"spoilt")
    with pytest.raises(BlobDamaged, match="damaged on this disk"):
        cache.read(blob)
    assert cache.read(blob) == data


def test_what_the_depot_lacks_is_told(cache: FetchedBlobs, tmp_path: Path) -> None:
    with pytest.raises(BlobDamaged, match=f"is not in file://{tmp_path}/depot; put the problem again"):
        cache.read(Blob("0" * 64, 1))


def test_the_cache_keeps_its_bound_and_what_was_used_last(cache: FetchedBlobs, there: BlobStore, tmp_path: Path) -> None:
    blobs = [there.add(noise(200_000).encode()) for _ in range(20)]  # about 100 KB each, compressed
    for age, blob in enumerate(reversed(blobs)):
        cache.read(blob)
        then = time.time() - 1000 + age  # readings of the same moment would have no order
        os.utime(cache.path(blob), (then, then))
        assert on_disk(tmp_path / "cache") <= MB
    cached = [cache.path(blob).exists() for blob in blobs]
    assert 6 <= sum(cached) <= 10
    assert cached == sorted(cached, reverse=True)


def test_added_blobs_count_as_well(cache: FetchedBlobs, there: BlobStore, tmp_path: Path) -> None:
    blobs = [cache.add(noise(200_000).encode()) for _ in range(20)]
    assert on_disk(tmp_path / "cache") <= MB
    assert all(there.path(blob).exists() for blob in blobs)


def test_a_lower_bound_holds_from_the_start(depot: Depot, there: BlobStore, tmp_path: Path) -> None:
    wide = FetchedBlobs(tmp_path / "cache", depot, 100 * MB)
    for _ in range(20):
        wide.read(there.add(noise(200_000).encode()))
    assert on_disk(tmp_path / "cache") > 1.5 * MB
    FetchedBlobs(tmp_path / "cache", depot, MB)
    assert on_disk(tmp_path / "cache") <= MB


def test_a_blob_larger_than_the_cache_can_be_read(depot: Depot, there: BlobStore, tmp_path: Path) -> None:
    small = FetchedBlobs(tmp_path / "cache", depot, 10_000)
    data = [noise(100_000).encode() for _ in range(2)]
    blobs = [there.add(text) for text in data]
    assert [small.read(blob) for blob in blobs] == data
    assert len(list((tmp_path / "cache").glob("??/*.zst"))) == 1


def test_a_reader_is_not_disturbed_by_who_makes_room(cache: FetchedBlobs, there: BlobStore) -> None:
    data = noise(2 * MB).encode()
    blob = there.add(data)
    reader = cache.chunks(blob)
    first = next(reader)
    cache.path(blob).unlink()
    assert first + b"".join(reader) == data


_READ_OVER_AND_OVER = """
import sys
from pathlib import Path
from service.blobs import Blob
from service.cluster.depot import Depot
from service.cluster.fetched_blobs import FetchedBlobs
depot, folder, hashes = sys.argv[1], sys.argv[2], sys.argv[3:]
cache = FetchedBlobs(Path(folder), Depot(depot), 300_000)
for _ in range(12):
    for hash in hashes:
        assert len(cache.read(Blob(hash, 200_000))) == 200_000
print(cache.fetched)
"""


def test_processes_that_push_out_each_others_blobs_all_read_right(there: BlobStore, tmp_path: Path) -> None:
    blobs = [there.add(noise(200_000).encode()) for _ in range(6)]
    argv = [sys.executable, "-c", _READ_OVER_AND_OVER, str(tmp_path / "depot"), str(tmp_path / "cache")]
    readers = [subprocess.Popen([*argv, *(blob.hash for blob in blobs)], stdout=subprocess.PIPE) for _ in range(3)]
    told = [reader.communicate(timeout=120)[0] for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0, 0]
    assert all(int(fetched) > 12 for fetched in told), "nothing was ever pushed out"


def test_what_killed_processes_left_is_removed(depot: Depot, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "tmp"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    (folder / "young").touch()
    os.utime(folder / "old", (1, 1))
    FetchedBlobs(tmp_path / "cache", depot, MB)
    assert [path.name for path in folder.iterdir()] == ["young"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_full_disk_half_of_the_cache_goes(depot: Depot, there: BlobStore, small_disk: Path) -> None:
    cache = FetchedBlobs(small_disk / "cache", depot, 100 * MB)
    for _ in range(30):
        data = noise(200_000).encode()
        assert cache.read(there.add(data)) == data
    assert cache.fetched == 30


def test_a_disk_that_others_filled_is_an_error_and_not_an_empty_text(depot: Depot, there: BlobStore, small_disk: Path) -> None:
    cache = FetchedBlobs(small_disk / "cache", depot, 100 * MB)
    blob = there.add(noise(200_000).encode())
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    with pytest.raises(OSError, match="No space left") as failed:
        cache.read(blob)
    assert failed.value.errno == errno.ENOSPC
    (small_disk / "filler").unlink()
    assert len(cache.read(blob)) == 200_000


def test_reading_waits_for_a_depot_that_comes_back(depot: Depot, there: BlobStore, tmp_path: Path) -> None:
    blob = there.add(b"x")
    away = tmp_path / "away"
    there._folder.rename(away)
    there._folder.symlink_to(there._folder)  # a loop: an error, but not that of a missing file
    cache = FetchedBlobs(tmp_path / "cache", depot, MB, patience_s=30)
    with pytest.raises(OSError, match="symbolic links"):
        FetchedBlobs(tmp_path / "other", depot, MB).read(blob)
    back = threading.Timer(0.3, lambda: (there._folder.unlink(), away.rename(there._folder)))
    back.start()
    assert cache.read(blob) == b"x"
    back.join()


def test_a_depot_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = FetchedBlobs(tmp_path / "cache", Depot(str(tmp_path / "file" / "below")), MB)
    with pytest.raises(DepotUnfit, match="cannot be reached"):
        cache.add(b"x")
