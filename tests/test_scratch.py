import subprocess
import sys
from pathlib import Path

from clvlab import scratch
from clvlab.scratch import scratch_file


def test_every_scratch_file_is_a_new_path_in_one_folder():
    first, second = scratch_file(), scratch_file()
    assert first != second
    assert first.parent == second.parent
    assert first.parent.is_dir()
    assert not first.exists()


def test_a_path_can_be_written_to_and_taken_away():
    path = scratch_file()
    path.write_bytes(b"text")
    assert path.read_bytes() == b"text"
    path.unlink()


def test_the_folder_goes_with_its_process():
    # The file alone, since importing the whole package takes seconds.
    code = "import runpy, sys; path = runpy.run_path(sys.argv[1])['scratch_file'](); path.touch(); print(path)"
    done = subprocess.run([sys.executable, "-c", code, scratch.__file__], capture_output=True, text=True, check=True)
    path = Path(done.stdout.strip())
    assert path.name == "0"
    assert not path.parent.exists()
