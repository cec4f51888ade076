"""A small CLIP of OpenCLIP's, with weights that tell inputs apart, as the folder that helip and OpenCLIP load."""

import json
import pathlib
import sys

import numpy
import open_clip
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from open_clip_round_trip import random_weights  # noqa: E402

CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 48, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2},
}
COSINE = 0.9999


class SmallClip:
    def __init__(self, folder):
        torch.manual_seed(0)
        torch.set_num_threads(1)
        self.folder = pathlib.Path(folder)
        self.model = open_clip.model.CLIP(**CONFIG).eval()
        random_weights(self.model)
        self.preprocess = open_clip.transform.image_transform(CONFIG["vision_cfg"]["image_size"], is_train=False)
        self.tokenizer = open_clip.SimpleTokenizer(context_length=CONFIG["text_cfg"]["context_length"])
        self.folder.mkdir(parents=True)
        self.write(self.folder, self.tensors())

    def tensors(self):
        return {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    @staticmethod
    def write(folder, tensors):
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "open_clip_model.safetensors")
        (folder / "open_clip_config.json").write_text(
            json.dumps(
                {
                    "model_cfg": CONFIG,
                    "preprocess_cfg": {
                        "mean": list(open_clip.constants.OPENAI_DATASET_MEAN),
                        "std": list(open_clip.constants.OPENAI_DATASET_STD),
                    },
                }
            )
        )

    @torch.no_grad()
    def of_image(self, image):
        """OpenCLIP's embedding of an opened image, of unit length."""
        return self.model.encode_image(self.preprocess(image)[None], normalize=True)[0].numpy()

    @torch.no_grad()
    def of_texts(self, texts):
        return self.model.encode_text(self.tokenizer(texts), normalize=True).numpy()


def rows_of(embeddings, kind):
    parts = sorted((embeddings / kind).glob("*.npy"))
    return numpy.concatenate([numpy.load(part) for part in parts]).astype(numpy.float64)


def cosine(one, other):
    norms = numpy.linalg.norm(one) * numpy.linalg.norm(other)
    return float(numpy.dot(one, other) / norms) if norms > 0 else 0.0
