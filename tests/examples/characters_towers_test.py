"""examples/characters/make_towers.py: the image tower as it is written."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings

import torch

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "characters"), str(EXAMPLES)]
import make_towers  # noqa: E402

warnings.filterwarnings("ignore", category=FutureWarning)


WRITE = """
import sys, warnings
sys.path[:0] = sys.argv[1].split(":")
warnings.filterwarnings("ignore")
import make_towers, pathlib
print(make_towers.write_image_tower(pathlib.Path(sys.argv[2]), int(sys.argv[3]))["sha256"])
"""


def write_elsewhere(seed):
    """Returns the digest of a tower that another program wrote, from a copy of the examples."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "copy"
        for name in ("common", "characters"):
            shutil.copytree(EXAMPLES / name, copy / name)
        done = subprocess.run(
            [sys.executable, "-c", WRITE, f"{copy / 'characters'}:{copy}", folder, str(seed)],
            env=os.environ | {"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True,
        )
        return done.stdout.strip()


class ImageTower(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.written = make_towers.write_image_tower(pathlib.Path(cls.folder.name), 1)
        cls.tower = torch.jit.load(pathlib.Path(cls.folder.name) / "image_tower.ts")

    def test_a_seed_gives_equal_bytes_in_every_folder_and_another_seed_other_ones(self):
        first = write_elsewhere(1)
        self.assertEqual(first, write_elsewhere(1))
        self.assertNotEqual(first, write_elsewhere(2))

    def test_it_is_written_to_be_trained_and_each_parameter_has_a_gradient(self):
        self.assertTrue(self.tower.training)
        features = self.tower(torch.randn(4, 3, make_towers.SIDE, make_towers.SIDE))
        self.assertEqual(tuple(features.shape), (4, self.written["feature_dim"]))
        features.square().sum().backward()
        for name, parameter in self.tower.named_parameters():
            self.assertGreater(float(parameter.grad.abs().sum()), 0, name)

    def test_it_sees_grey(self):
        pixels = torch.randn(4, 3, make_towers.SIDE, make_towers.SIDE)
        with torch.no_grad():
            torch.testing.assert_close(self.tower(pixels), self.tower(pixels[:, [2, 0, 1]]))


if __name__ == "__main__":
    unittest.main()
