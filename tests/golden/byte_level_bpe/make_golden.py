#!/usr/bin/env python3
"""Small byte-level tokenizers, trained here, and their tokens (tokenizers 0.23.3): run it in this folder.

NAME.json       a tokenizer.json in the manner of GPT-2, RoBERTa, CLIP and Llama 3
captions.json   texts of several scripts, emoji, odd white space, special tokens, random characters
NAME.tokens     a line for each caption: 8 hex digits of the sha256 of its tokens ("1 2 3"), and of every tenth the
                tokens themselves; without truncation, without padding
"""
import hashlib
import json
import random
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

COUNT = 2400
VOCABULARY = 600
CLIP_PATTERN = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
LLAMA_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = {
    "latin": "a the photo of cat's dog isn't we'll they've I'd I'm you're house red Blue GREEN painting 1990s 3.14 42 1,000 x86 "
             "co-operate e.g. http://a.b/c?d=e #tag @name (old) [new] {it} \"quoted\" 'single' … – — !!! ?! C++ 50% $9.99",
    "accents": "café naïve Ünïcödé straße Łódź ÅNGSTRÖM İstanbul ılık ǅ ﬁne cafe\u0301 e\u0301\u0323 ñandú Ǆ ŉ ſtop 'ſ ½ ² Ⅷ ① ﾊﾝｶｸ ＦＵＬＬ",
    "greek": "Ένα σκυλί ΟΔΟΣ όδος ς Ελλάδα", "cyrillic": "кошка НА дереве ёлка Їжак җ",
    "semitic": "قطة على الشجرة ١٢٣ חתול עַל הָעֵץ شَجَرَةٌ", "indic": "बिल्ली पेड़ पर १२३ தமிழ் బాబు ক্ষ",
    "asian": "猫 在树上 木の上の猫 カタカナ 고양이 나무 แมวบนต้นไม้ ខ្មែរ ᄀ\u1161\u11a8 𠮷野家",
    "emoji": "🐱 👩‍👩‍👧‍👦 👍🏽 🇫🇷 ❤️ 1️⃣ 🏴\U000e0067\U000e0062\U000e007f 😀😀 ☕",
    "special": "<s> </s> <pad> <mask> <unk> <|endoftext|> <|startoftext|> <|ENDOFTEXT|> <|begin_of_text|> <mask>. <mas",
}
SPACES = [" ", " ", " ", " ", " ", " ", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\u200d", "\u180e", "\x85",
          "\x1c", "\u2028", "\ufeff", "", "\n\n", " \n ", "\x0b"]


def random_characters(draw):
    text = ""
    while len(text) < draw.randrange(1, 12):
        character = chr(draw.choice([draw.randrange(0x20, 0x250), draw.randrange(0x20, 0x3100), draw.randrange(0x20, 0x20000)]))
        if unicodedata.category(character) not in ("Cn", "Cs", "Co"):
            text += character
    return text


def make_captions():
    draw = random.Random(5)
    words = {script: text.split(" ") for script, text in WORDS.items()}
    captions = ["", " ", "  ", "\n", "a", " a", "a ", "\u00a0", "'s", "'S", "it'S", "<mask>", " <mask> ", "a  <mask>  b", "<s></s>"]
    while len(captions) < COUNT:
        scripts = draw.choices(list(words), weights=[8, 2, 1, 1, 1, 1, 2, 2, 1], k=draw.choice([1, 1, 2, 3]))
        text = draw.choice(["", "", "", " ", "\t", "  "])
        for _ in range(draw.randrange(1, 7)):
            word = random_characters(draw) if draw.random() < 0.12 else draw.choice(words[draw.choice(scripts)])
            text += word + draw.choice(SPACES)
        captions.append(text if draw.random() < 0.5 else text.rstrip(" "))
    return captions


def train(tokenizer, captions, special, **options):
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, **options)
    tokenizer.train_from_iterator(captions, trainer)


def gpt2(captions):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    train(tokenizer, captions, [AddedToken("<|endoftext|>", normalized=True, special=True)])
    return tokenizer


def roberta(captions):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    names = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True, normalized=False, special=True)]
    train(tokenizer, captions, names)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=True)
    return tokenizer


def clip(captions):
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix="", fuse_unk=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(CLIP_PATTERN), behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    names = [AddedToken(name, normalized=True, special=True) for name in ("<|startoftext|>", "<|endoftext|>")]
    train(tokenizer, captions, names, end_of_word_suffix="</w>", limit_alphabet=1000)
    end = tokenizer.token_to_id("<|endoftext|>")
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", end), ("<|startoftext|>", tokenizer.token_to_id("<|startoftext|>")), add_prefix_space=False, trim_offsets=False)
    return tokenizer


def llama(captions):
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.Replace("photo", "picture"), normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA_PATTERN), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, captions, [])
    begin = AddedToken("<|begin_of_text|>", normalized=False, special=True)
    tokenizer.add_special_tokens([begin, AddedToken("<|pad|>", rstrip=True, normalized=False, special=True)])
    tokenizer.add_tokens([AddedToken("Blue", normalized=True, rstrip=True)])
    template = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id("<|pad|>"), pad_token="<|pad|>")
    return tokenizer


def main():
    captions = make_captions()
    with open("captions.json", "w", encoding="ascii") as file:
        file.write("[\n" + ",\n".join(json.dumps(caption) for caption in captions) + "\n]\n")
    for make in (gpt2, roberta, clip, llama):
        tokenizer = make(captions)
        with open(make.__name__ + ".json", "w", encoding="utf-8") as file:
            json.dump(json.loads(tokenizer.to_str()), file, ensure_ascii=True, separators=(",", ":"))
        with open(make.__name__ + ".tokens", "w", encoding="ascii") as file:
            for i, caption in enumerate(captions):
                tokens = " ".join(map(str, tokenizer.encode(caption).ids))
                line = hashlib.sha256(tokens.encode()).hexdigest()[:8]
                file.write(line + (" " + tokens if i % 10 == 0 else "") + "\n")
        print(make.__name__, tokenizer.get_vocab_size(), "tokens")


if __name__ == "__main__":
    main()
