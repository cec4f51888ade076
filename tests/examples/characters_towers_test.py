"""examples/characters/make_towers.py: the image tower as it is written."""

import pathlib
import sys
import tempfile
import unittest
import warnings

import torch

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES / "characters"), str(EXAMPLES)]
import make_towers  # noqa: E402

warnings.filterwarnings("ignore", category=FutureWarning)


class ImageTower(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.written = {}
        for name, seed in (("first", 1), ("again", 1), ("other", 2)):
            folder = pathlib.Path(cls.folder.name) / name
            folder.mkdir()
            cls.written[name] = make_towers.write_image_tower(folder, seed)
        cls.tower = torch.jit.load(pathlib.Path(cls.folder.name) / "first/image_tower.ts")

    def test_a_seed_gives_equal_bytes_and_another_seed_other_ones(self):
        digests = {name: part["sha256"] for name, part in self.written.items()}
        self.assertEqual(digests["first"], digests["again"])
        self.assertNotEqual(digests["first"], digests["other"])

    def test_it_is_written_to_be_trained_and_each_parameter_has_a_gradient(self):
        self.assertTrue(self.tower.training)
        features = self.tower(torch.randn(4, 3, make_towers.SIDE, make_towers.SIDE))
        self.assertEqual(tuple(features.shape), (4, self.written["first"]["feature_dim"]))
        features.square().sum().backward()
        for name, parameter in self.tower.named_parameters():
            self.assertGreater(float(parameter.grad.abs().sum()), 0, name)

    def test_it_sees_grey(self):
        pixels = torch.randn(4, 3, make_towers.SIDE, make_towers.SIDE)
        with torch.no_grad():
            torch.testing.assert_close(self.tower(pixels), self.tower(pixels[:, [2, 0, 1]]))


if __name__ == "__main__":
    unittest.main()
