#!/usr/bin/env python3
"""Captions that tokenizers trip over: make_captions.py OUTPUT.json

"plain" needs no repair of mojibake, "random" are strings of random characters, "mojibake" is UTF-8 that somebody read as
Windows-1252, "awkward" is what captions should not be but are. "long" are captions of a part that is repeated.
"""
import json
import random
import sys

ENGLISH = [
    "", " ", "\t\n \r\n", "a", "A", "a photo of a cat.", "A Photo Of A CAT", "a photo of a Cat's café &amp; 12",
    "two dogs, three cats & 1,234.56 birds!", "it's we're they've I'm he'll she'd don't", "IT'S WE'RE THEY'VE I'M HE'LL SHE'D",
    "'s 't 're 've 'm 'll 'd", "''s '''t '' '", "rock'n'roll o'clock 'tis 'twas", "the dogs' bowls", "1970s '70s 70's",
    "snake_case camelCase kebab-case dot.case path/to/file.jpg", "C:\\Users\\me\\photo.png", "http://example.org/a?b=c&d=e#f",
    "me@example.org #hashtag @mention", "50% off!!! $9.99 (was $19.99) ***", "3x4 1080p 4K 16:9 f/2.8 1/250s ISO100",
    "<b>bold</b> &amp; <i>it</i>", "a < b &amp;&amp; c > d", "x<y\n&amp; next line", "&lt;tag&gt; stays", "[CLS] [SEP] [MASK] [UNK] [PAD] [cls]",
    "<start_of_text> a <end_of_text>", "<START_OF_TEXT>b<End_Of_Text>c", "<|startoftext|>", "[SEP][SEP]x[UNK]y", "a[MASK]b", "[ SEP ]",
    "supercalifragilisticexpialidocious antidisestablishmentarianism", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ha" * 60,
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "word " * 100, "1234567890" * 12, "!?" * 90, "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 4,
    "tab\tseparated\tvalues", "line\none\r\ntwo\rthree\u2028four\u2029five\x85six", "  leading and trailing  ", "many     spaces", "non\u00a0breaking\u00a0space",
    "thin\u2009hair\u200azero\u200bwidth", "zero\u200cwidth\u200djoiners\u2060here", "soft\u00adhyphen", "bom\ufeffinside", "\ufeffbom first", "mongolian\u180evowel",
    "ideographic\u3000space", "figure\u2007space ogham\u1680space narrow\u202fspace math\u205fspace", "sep\x1c\x1d\x1e\x1farators",
    "\x00nul\x00inside\x00", "bell\x07 back\x08space esc\x1b del\x7f vt\x0b ff\x0c", "\x1b[31mred\x1b[0m text", "\x1b[1;31;40mbold\x1b[m", "\x1b[ not an escape", "\x1b[12", "\x1b[\u0663m",
    "c1 \x80\x85\x91quote\x92 \x81\x8d\x9f", "Euro \x80 5", "smart \x93quotes\x94 \x96 dash", "\u206a\u206fdeprecated", "\ufff9anno\ufffatation\ufffb object\ufffc", "repl\ufffdacement",
    "rtl \u202eoverride\u202c mark\u200f", "private \ue000 use \U000f0000", "noncharacter \ufdd0 \uffff x", "unassigned \u0378 \U000e0080",
]
QUOTES = [
    "\u201ccurly double\u201d", "\u2018curly single\u2019", "it\u2019s we\u2019re I\u2019m", "\u201elow\u201c \u201fhigh\u201b \u201alow\u2018", "\u02bcmodifier\u02bc", "\u00abguillemets\u00bb \u2039single\u203a",
    "prime \u2032 double \u2033", "grave ` acute \u00b4", "en\u2013dash em\u2014dash bar\u2015 minus\u2212 hyphen\u2010 nb\u2011", "ellipsis\u2026 three...", "don\u201bt", "\uff02full\uff02 \uff07width\uff07",
]
LIGATURES = [
    "\ufb01ne \ufb02ow e\ufb00ect o\ufb03ce ba\ufb04e", "\ufb05 \ufb06ar", "\u0132sland \u0133s", "\u0149 men", "\u01c4 \u01c5 \u01c6", "\u01c7 \u01c8 \u01c9 \u01ca \u01cb \u01cc", "\u01f1 \u01f2 \u01f3", "\u00e6on \u0153uvre \u00c6 \u0152",
    "&\ufb01;", "&\uff41\uff4d\uff50\uff1b", "\uff06\uff41\uff4d\uff50\uff1b", "\uff06amp;lt;",
]
WIDTH = [
    "\uff2c\uff2f\uff35\uff24\u3000\uff2e\uff2f\uff29\uff33\uff25\uff33", "\uff35\uff80\uff70\uff9d", "\uff76\uff9e\uff77\uff9f\uff8a\uff9e\uff8a\uff9f", "\uffe0\uffe1\uffe2\uffe3\uffe4\uffe5\uffe6", "\uffa1\uffc2\uffa0 half hangul", "\uff11\uff12\uff13 \uff01\uff1f\uff0c\uff0e",
    "\uffe8\uffe9\uffea\uffeb\uffec\uffed\uffee", "\uff5b\uff5c\uff5d\uff5e\uff5f\uff60\uff61\uff62\uff63\uff64\uff65", "ｶﾞｷﾞｸﾞ ﾊﾟﾋﾟ ｳﾞ",
]
ACCENTS = [
    "café naïve façade jalapeño crème brûlée", "CAFÉ NAÏVE FAÇADE", "cafe\u0301 nai\u0308ve (decomposed)", "\u00c5ngstr\u00f6m \u212bngstrom A\u030angstrom", "Zürich Łódź Kraków Çeşme İstanbul Iğdır ılık", "straße STRASSE STRAẞE",
    "Ελληνικά ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ ς σ Σ", "ΣΑΣ ΣΑΣ. ΑΣ' ΑΣ1", "Русский текст ЁЖИК ёжик", "Українська мова їжак ґанок", "Tiếng Việt được viết", "Đặng Thị", "e\u0301\u0323 a\u0323\u0301 ordering", "q\u0307\u0323 s\u0323\u0307",
    "o\u0308\u0304 u\u0308\u0301\u0300", "\u0301leading mark", "a\n\u0301b", "\u1e9b\u0323 \u017ft", "\u2126 ohm \u212a kelvin \u00b5 micro \u03bc mu", "x\u0336s\u0336t\u0336r\u0336i\u0336k\u0336e", "Z\u0351\u036b\u0343\u036aa\u0302\u0327l\u0314\u0331g\u0321\u0324o\u0329",
    "ǅ ǈ ǋ ǲ title case", "ʻokina Hawaiʻi ʼn", "ĳsvrij", "\u0345\u03b9 \u1fb3 \u1f80 \u1fbc", "'ſ it'ſ", "K\u212a \u017f S", "<\u017ftart_of_text>", "ﬃ ﬆ ﬅ", "№ 5 ℡ ™ ℠ © ®", "½ ¼ ¾ ² ³ ¹ ₂ ⁴ Ⅷ ⅷ ① ⑳ ㉑", "1º 2ª", "٣٤٥ ۳۴۵ १२३ ๑๒๓ ３４５ 𝟏𝟐𝟑",
]
SCRIPTS = [
    "猫の写真", "一只猫坐在垫子上", "고양이 사진", "\u1100\u1161\u11a8 한글", "カタカナ ひらがな 漢字", "日本語とEnglishの混在123", "東京タワー，2023年", "「引用」『二重』【括弧】、。", "\U00020000\U0002a6d6\U0002b820\U0002b91f\U0002b920 extension", "\uf900\ufa0e\U0002f800 compatibility", "㍿ ㌔ ㈱ ㊙",
    "قطة على سجادة", "مَرْحَبًا", "חתול על שטיח", "שָׁלוֹם", "नमस्ते दुनिया", "क्षत्रिय ज़ ड़", "বাংলা ভাষা", "தமிழ் மொழி", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "ภาษาไทยไม่มีช่องว่าง", "ພາສາລາວ", "မြန်မာ", "ខ្មែរ", "አማርኛ", "ქართული ᲥᲐᲠᲗᲣᲚᲘ", "Հայերեն ԵՒ և", "ᏣᎳᎩ ꮳꮃꭹ", "ᓀᐦᐃᔭᐍᐏᐣ ᙭ ᙮", "བོད་སྐད།", "Монгол ᠮᠣᠩᠭᠣᠯ",
    "𝓯𝓪𝓷𝓬𝔂 𝕋𝕖𝕩𝕥 𝒮𝒸𝓇𝒾𝓅𝓉", "ᵗⁱⁿʸ ₛᵤᵦ", "Ⓒⓘⓡⓒⓛⓔⓓ 🅂🅀🅄🄰🅁🄴", "ａｅｓｔｈｅｔｉｃ", "uʍop ǝpısdn", "𐐀𐐨 deseret", "𑄣𑄋𑄴 chakma \U000111c9 \u1885\u1886 \u1734", "\u0898\u08ca\u1abf new marks", "\u2e43\u2e52 new punctuation", "𞤀𞤢 adlam",
]
EMOJI = [
    "😀", "a 😀 b", "😀😃😄😁", "👍🏽 thumbs 👍", "👨‍👩‍👧‍👦 family", "🏳️‍🌈 pride 🏴‍☠️", "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f wales", "🇩🇪🇫🇷🇯🇵", "❤️ ❤ ♥ ♥️", "1️⃣ 2️⃣ #️⃣", "☎️ ☎", "text😀text", "😂😂😂 lol!!!", "¯\\_(ツ)_/¯", "ʕ•ᴥ•ʔ (╯°□°）╯︵ ┻━┻", "→ ← ↑ ↓ ⇒ ✓ ✗ ★ ☆ ♪", "∑ ∫ √ ∞ ≠ ≤ ≥ ± × ÷", "€ £ ¥ ₹ ₿ ¢", "│┌┐└┘█▓▒░", "\u20e3 \ufe0f \ufe0e",
]
ENTITIES = [
    "&amp;", "&amp;amp;", "&amp;amp;amp;amp;", "&amp;lt;b&amp;gt;", "&lt;", "&lt", "&LT;", "&amp", "&ampx", "&notit;", "&notin;", "&not;in", "&eacute;", "&eacute", "&EACUTE;", "&Eacute;", "&SZLIG;", "&szlig;", "&NTILDE;&ntilde;&nTILDE;", "caf&eacute; cr&egrave;me",
    "&nbsp;x&nbsp;", "&hellip;", "&quot;q&quot; &apos;a&apos;", "&ldquo;curly&rdquo; it&rsquo;s", "&#39;s &#x27;s", "&#8217;", "&#x2019;s", "&#X41;&#x41&#65;&#65", "&#0;", "&#00065;", "&#x0;", "&#128;", "&#x80;&#x85;&#x9f;&#x81;", "&#xD800;", "&#x110000;", "&#99999999999999999999;", "&#1;x", "&#x1F600;", "&#13;&#10;&#9;x",
    "&#59;", "&#x3b; semicolon", "&#;", "&#x;", "&;", "&", "& amp;", "&unknown;", "&unknownlongername12345678901234567890;", "&amp;nbsp;", "a&b=c&copy=d", "&copy;&reg;&trade;", "&CounterClockwiseContourIntegral;", "&NotEqualTilde; &acE;", "&fjlig;", "&zwj;&zwnj;", "&lt;&eacute;&gt;", "<p>&eacute;</p>", "&#xFDD0;&#xFFFF;&#x7f;", "&#12abc;", "&#x41g;", "R&amp;D AT&T Q&A", "&ampé;", "&éamp;", "&lté", "&notаcyr;",
    "fish &amp; chips\n&lt;second&gt; &amp; third", "&amp;#39;", "&amp;quot;hi&amp;quot;", "&frac12; cup", "&sup2; &deg;C", "&Amp;", "&AMP;", "&AMP", "&COPY", "&bigstar;", "&#9733;", "&alpha;&ALPHA;&Alpha;", "&lang;x&rang;", "&ThickSpace;", "&Tab;&NewLine;x",
]
MOJIBAKE = [
    "cafÃ©", "itâ€™s", "â€œquotedâ€\x9d", "sÃ³", "naÃ¯ve faÃ§ade", "ZÃ¼rich", "Ã la mode", "voilÃ  le travail", "âœ” No problems", "l’humanitÃ©", "RUF MICH ZURÃœCK", "ðŸ˜€", "â€“ dash", "Â£5", "5Â°C", "â€¦", "Âµm", "schÃ¶n cafÃ© &amp; more",
]


AWKWARD = [
    # Lower case: final sigma, dotted and dotless i, sharp s, digraphs, Cherokee, Georgian, titles, Roman numerals, marks between letters.
    "ΟΔΟΣ ΟΔΟΣ. «ΟΔΟΣ» ΟΔΟΣ1 ΟΔΟΣ-ΟΔΟΣ", "Σ", "Σ Σ", "AΣ B", "ΑΣ\u0301 ΑΣ\u00adΒ", "Α'Σ Σ'Α", "\U0001d6baΣ ΣΣ", "İSTANBUL IŞIK ı İ", "I\u0307 i\u0307 İ\u0307", "STRASSE STRAẞE ẞ ß",
    "ǅungla ǈubav ǋegoš Ǳ", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ᲐᲑᲒ აბგ", "Ⅳ Ⅻ ↀ Ⓐⓩ", "Ω K Å", "ŉ ǰ ΐ ΰ և", "ᾈ ᾘ ᾨ ᾼ ῌ ῼ", "𐐀𐐁 𞤀𞤁 𐓀", "Ꙋ Ꞵ Ɤ Ꞁ Ⱡ", "\u1e9e\u0130\u01c5\u03a3",
    # Emoji: sequences whole and cut.
    "👩🏾‍❤️‍💋‍👨🏻 kiss", "👨‍👩‍", "\u200d", "🏽", "🇩", "🇩🇪🇫", "a\ufe0fb\ufe0e", "#️⃣*️⃣0⃣", "🏴\U000e0067\U000e0062", "👁️‍🗨️ ☺︎ ☺️", "🫠🫶🪿", "\U0001fae8 shaking", "😀" * 40,
    # Directions, joiners, marks.
    "\u202bעברית\u202c abc \u2067x\u2069", "\u200fשלום\u200e", "لا إله ﷲ ﷺ ﻻ", "می\u200cخواهم", "क्\u200dष क्\u200cष", "zal\u0300\u0301\u0302\u0303\u0304go", "\u0308", " \u0301a", "a\u034fb\u061cc", "\u115f\u1160\u3164\uffa0",
    # Compatibility forms.
    "ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ ﬓ ﬡ", "ＣＡＰＴＩＯＮ！？（１２３）", "ﾊﾝｶｸ ｶﾅ ﾞ", "￥￦￠￡￢￣￤", "①②③ ⑴ ⒈ ㊀ ㍻ ㎏ ㏒", "½⅓⅞ x² H₂O", "𝔄𝕭𝖈 𝟘𝟙 ℝ ℵ", "１２３ ٣٤ ൧൨ 〇一二三 𑁒 ௰", "⁰¹⁻ ₊",
    # White space and controls.
    "tab\there", "cr\r\nlf\rcr\nlf", "\x0b\x0c\x1c\x1d\x1e\x1f", "nel\x85ls\u2028ps\u2029", "\u00a0\u2007\u202f\u2060\u200b\u180e", "\x00", "a\x00b\x00", "\x01\x02\x7f\x80\x9f", "\ufeff", "\ufeffbom \ufeff bom", "\u3000　", "\x1b[0;31mred\x1b[0m \x1b]0;t\x07",
    "\ufffe\uffff\U0001fffe\U0010ffff\ufdd0", "\ufffd\ufffd", "\ue000\uf8ff\U000f0000\U0010fffd", "\u0378\u2fe0\U000e1000", "\U000e0001\U000e0041", "\ufff9a\ufffab\ufffb\ufffc",
    # Entities.
    "&amp;amp;amp;lt;b&amp;amp;amp;gt;", "&#x1F468;&#x200D;&#x1F469;", "&#55357;&#56832;", "&lt;script&gt;alert(1)&lt;/script&gt;", "&nbsp;&#160;&#xa0;", "AT&ampT &ltb", "&#x110000;&#0;&#128;", "<i>&eacute;</i> &amp;eacute;",
    # Little but punctuation, digits, one word.
    "...", "!!!???!?!", "---", "'", "''", "' s 's'S 'LL", "#", "\\n\\t", "{}[]()<>|~^`", "0", "007", "1e999 -0.0 NaN", "3.14159265358979323846264338327950288419716939937510" * 3, "_" * 80, "a_b__c", "\u2010\u2011\u2212\u2043", "¡¿", "。、「」", "٪؟،", "։՞", "·•‧",
    # Words without spaces, long words.
    "ภาษาไทยเขียนติดกันไม่มีวรรค" * 4, "吾輩は猫である。名前はまだ無い。" * 5, "ខ្ញុំស្រឡាញ់ភាសាខ្មែរ", "မြန်မာဘာသာစကား", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "http://例え.jp/パス?q=%E7%8C%AB#x", "C:\\Users\\猫.png", "a" * 300, "é" * 200, "👍" * 100,
    # The tokenizer's own words.
    "<start_of_text>", "<end_of_text>", "<START_OF_TEXT> x <End_Of_Text>", "<|endoftext|>", "start_of_text</w>", "ſ ' ſ 'ſ <ſtart_of_text>", "ı'ı K's 'K",
]
LONG = [("a", 1048576), ("a photo of a cat, ", 58254), ("cafÃ© ", 149796), (" ", 1048000), ("1", 1000001), ("é\n", 349525), ("x\x00", 500000)]


def random_mixtures(count):
    rng = random.Random(20230508)
    pieces = [text for group in (ENGLISH[5:], QUOTES, LIGATURES, WIDTH, ACCENTS, SCRIPTS, EMOJI, ENTITIES) for text in group]
    out = []
    for _ in range(count):
        parts = []
        for _ in range(rng.randrange(2, 6)):
            words = rng.choice(pieces).split(" ")
            start = rng.randrange(len(words))
            parts.extend(words[start : start + 3])
        out.append(rng.choice([" ", "", "  ", "\n"]).join(parts)[:300])
    return out


def random_characters(count):
    """Code points of all the planes that Unicode 8 knew."""
    rng = random.Random(20230509)
    blocks = [(0x20, 0x7F), (0xA0, 0x180), (0x180, 0x250), (0x2B0, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00), (0x1E00, 0x2000), (0x2000, 0x2C00), (0x3000, 0x3200), (0x4E00, 0x9F00), (0xAC00, 0xD7A0), (0xF900, 0xFB10), (0xFE00, 0xFFF0), (0x10000, 0x10400), (0x1D400, 0x1D800), (0x1F300, 0x1F600), (0x20000, 0x2B830)]
    import unicodedata

    old = unicodedata.ucd_3_2_0
    out = []
    while len(out) < count:
        text = ""
        while len(text) < 24:
            low, high = rng.choice(blocks)
            text += "".join(chr(c) for c in (rng.randrange(low, high) for _ in range(3)) if old.category(chr(c)) != "Cn")
            text += rng.choice(["", "", " "])
        out.append(text)
    return out


def main():
    plain = ENGLISH + QUOTES + LIGATURES + WIDTH + ACCENTS + SCRIPTS + EMOJI + ENTITIES
    plain += random_mixtures(60)
    plain.append("A very long caption, " * 60)
    plain = list(dict.fromkeys(plain))
    with open(sys.argv[1], "w", encoding="ascii") as file:
        json.dump({"plain": plain, "random": random_characters(40), "mojibake": MOJIBAKE, "awkward": AWKWARD, "long": LONG}, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
