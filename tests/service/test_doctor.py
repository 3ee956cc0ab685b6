"""What the doctor says of other judges on the machine."""

import os
from pathlib import Path

from sandbox.cores import CoreLeases
from service import doctor_box
from service.doctor import State
from service.settings import Settings


def test_doctor_says_whether_other_judges_leave_enough_cores(tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    settings = Settings(machine_dir=tmp_path)
    assert (doctor_box.check_neighbours(settings).state, doctor_box.check_neighbours(settings).fix) == (State.OK, "")
    other = CoreLeases(tmp_path)
    other.take(1, cores)
    found = doctor_box.check_neighbours(settings)
    assert (found.state, found.found) == (State.WARN, f"they have boxes on 1 of {len(cores)} cores")
    assert "taskset" in found.fix
    if len(cores) > 1:
        assert doctor_box.check_neighbours(settings.model_copy(update={"boxes": len(cores) - 1})).state is State.OK
    other.close()
    assert doctor_box.check_neighbours(settings).state is State.OK
