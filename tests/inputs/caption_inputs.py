"""Captions of text and JSON members as scrapers and Python write them; where there is none, the line says what was there."""

import json

import ftfy.bad_codecs  # noqa: F401 - registers its encodings

from bench import png, samples, write_tar

PLAIN = "a small brown dog on a red sofa"


def mistaken(text, times=1, encoding="sloppy-windows-1252"):
    """Returns the text's UTF-8 read in another encoding, `times` times. The sloppy one is ftfy's: it has no holes."""
    for _ in range(times):
        text = text.encode("utf-8").decode(encoding)
    return text


# (what it is, the member's text, what OpenCLIP's tokenizer is given)
CAPTIONS = [
    (name, text, text)
    for name, text in [
        ("a plain caption", PLAIN),
        ("a caption with a byte order mark", "\ufeffa boat at the quay"),
        ("a caption of two lines", "first line\r\nsecond line\r\n"),
        ("a caption of more than 77 tokens", "many words " * 60),
        ("a caption of one long word", "supercalifragilistic" * 30),
        ("a caption in capitals", "STOP! HAMMER TIME, 50% OFF"),
        ("a caption with HTML entities", "Fish &amp; chips &lt;b&gt; &amp;quot;fresh&amp;quot; &eacute;t&eacute; &#39;now&#39;"),
        ("a caption with tags", "<p>A house<br/>by the sea</p>"),
        ("a caption of emoji", "party 🎉 time 👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈"),
        ("a caption in Japanese", "東京タワーの夜景 ﾊﾝｶｸ"),
        ("a caption in Arabic with marks of direction", "\u202bمرحبا بالعالم\u202c \u200fok"),
        ("a caption in Thai and Hindi", "แมวสีดำ काली बिल्ली"),
        ("a caption with combining accents", "cafe\u0301 re\u0301sume\u0301"),
        ("a caption with ligatures and wide letters", "ﬁne ｗｉｄｅ ⅷ ½ ² ™"),
        ("a caption with odd spaces", "a\u00a0no\u2009break\u3000space\u200b zero\tTAB"),
        ("a caption with curly quotes", "the “best” dog’s ‘bed’ — ever… 1–2"),
        ("a caption with contractions", "they're here, it's I'd we'll don't 'tis o'clock"),
        ("a caption with numbers", "12,345.67 kg at 3:45pm on 2021-03-04 (v1.0.2)"),
        ("a caption with a soft hyphen and a zero-width joiner", "soft\u00adhyphen and zero\u200dwidth"),
        ("a caption with control characters", "bell\x07 and escape\x1b[31mred\x1b[0m"),
        ("a caption with a NUL", "before\x00after"),
        ("a caption of punctuation", "?!... --- *** ((()))"),
        ("a caption with markup for the end token", "<|endoftext|> is no word <start_of_text>"),
        ("mojibake of one accent", mistaken("un café crème")),
        ("mojibake of quotes", mistaken("it’s “here” — now…")),
        ("mojibake read as Latin-1", mistaken("smörgåsbord über", encoding="latin-1")),
        ("mojibake twice over", mistaken("São Paulo naïve", 2)),
        ("mojibake mixed with right text", "naïve " + mistaken("résumé") + " über"),
        ("mojibake of an emoji", mistaken("nice 👍", encoding="latin-1")),
        ("mojibake of Cyrillic", mistaken("Привет мир", encoding="latin-1")),
        ("mojibake with a lost space", mistaken("voilà la fête").replace("\u00a0", " ")),
        ("text that only looks like mojibake", "IHA®, 50 Ã— 70 cm, Ångström"),
        ("mojibake of a currency", mistaken("£5 or €6")),
        ("mojibake of an escaped entity", "it&acirc;&euro;&trade;s &Atilde;&copy;t&Atilde;&copy;"),
    ]
]


def written(fields, text=PLAIN, **more):
    """As Python's json writes it."""
    return json.dumps({"caption": text, **fields}, **more)


# (what it is, the member's JSON, its caption)
JSON_CAPTIONS = [
    ("a JSON with NaN beside its caption", written({"similarity": float("nan")}), PLAIN),
    ("a JSON with Infinity beside its caption", written({"aspect": float("inf"), "other": float("-inf")}), PLAIN),
    (
        "a JSON with a number out of range",
        '{"width": 1e999, "id": 123456789012345678901234567890, "caption": "a wide sea"}',
        "a wide sea",
    ),
    ("a JSON with a lone surrogate in another field", written({"alt": "broken \ud83d"}), PLAIN),
    ("a JSON with an escaped emoji", written({}, "a 🎂 cake"), "a 🎂 cake"),
    ("a JSON with an emoji as it is", written({}, "a 🎂 cake", ensure_ascii=False), "a 🎂 cake"),
    (
        "a JSON with its caption behind nested fields",
        json.dumps({"meta": {"caption": "not this"}, "tags": [["x"]], "caption": "this one"}),
        "this one",
    ),
    ("a JSON whose caption comes twice", '{"caption": "the first", "caption": "the last"}', "the last"),
    ("a JSON with line ends and indents", written({"a": 1}, "an indented field", indent=4), "an indented field"),
    ("a JSON with a byte order mark", "\ufeff" + written({}, "marked"), "marked"),
    (
        "a JSON with escapes in its caption",
        written({}, "a \"quoted\" back\\slash\nline\tand é"),
        "a \"quoted\" back\\slash\nline\tand é",
    ),
    ("a JSON with mojibake", written({}, mistaken("crème brûlée")), mistaken("crème brûlée")),
]


def kept_json(bench):
    """Import keeps the captions that the embedding is given, to the letter."""
    place = bench.place("json")
    members = []
    for i, (_, text, _) in enumerate(JSON_CAPTIONS):
        members += [(f"{i:04}.png", png(i)), (f"{i:04}.json", text.encode("utf-8", "surrogatepass"))]
    outcome, made = bench.data_import(write_tar(place / "a.tar", members), place / "out")
    bench.expect_equal(
        "captions in JSON are imported to the letter",
        [caption for _, _, caption in JSON_CAPTIONS],
        made.captions,
        f"{outcome} {made.left_out}",
    )


def other_keys(bench):
    place = bench.place("keys")
    members = []
    for i in range(4):
        members += [(f"{i}.png", png(i)), (f"{i}.json", json.dumps({"TEXT": f"words {i}", "URL": "http://x"}).encode())]
    tar = write_tar(place / "a.tar", members)
    outcome, _ = bench.data_import(tar, place / "out")
    bench.expect_refusal(
        "captions in another field: the line shows the fields and the option",
        outcome,
        ["TEXT", "URL", ("--caption-key", "caption_key")],
    )
    outcome, made = bench.data_import(tar, place / "again", "--caption-key", "TEXT")
    bench.expect_equal("a caption's field can be named", [f"words {i}" for i in range(4)], made.captions, outcome)


def what_was_there(bench):
    for name, field, words in (
        ("a list", ["one", "two"], ("list", "array")),
        ("a number", 7, ("number",)),
        ("a table", {"en": "dog"}, ("object", "dict", "table")),
        ("null", None, ("null", "no field")),
        ("true", True, ("boolean", "true")),
    ):
        place = bench.place(f"there-{name.replace(' ', '-')}")
        good = samples(2)
        bad = [("9.png", png(9)), ("9.json", json.dumps({"caption": field}).encode())]
        outcome, made = bench.data_import(write_tar(place / "a.tar", good + bad), place / "out", "--max-left-out", 1)
        line = json.dumps(made.left_out).lower()
        bench.judge(
            f"a caption that is {name} is left out, and the report says what it is",
            outcome.code == 0 and len(made.pairs) == 2 and made.lost == 1 and any(word in line for word in words),
            f"2 pairs, 1 left out, one of {words}",
            f"{len(made.pairs)} pairs, {made.left_out}, {outcome}",
        )
    place = bench.place("all-lists")
    members = []
    for i in range(3):
        members += [(f"{i}.png", png(i)), (f"{i}.json", json.dumps({"caption": ["a", "b"]}).encode())]
    outcome, _ = bench.data_import(write_tar(place / "a.tar", members), place / "out")
    bench.expect_refusal("where all captions are lists the line says so", outcome, [("list", "array")])


GROUPS = [kept_json, other_keys, what_was_there]
