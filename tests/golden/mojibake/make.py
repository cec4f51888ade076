#!/usr/bin/env python3
"""Captions with mojibake as they are met in the wild, with open_clip's tokens: make.py OUTPUT.json

Right captions in many languages are read in a wrong encoding, once or more, and damaged as programs on the way damage them. The
groups: "repaired" (ftfy repairs the encoding), "beyond" (it does not) and "right" (captions without mojibake, some of which look
like it). `clean` is the cleaned caption where it differs from the text, `bad` says that ftfy still takes it for mojibake.
needs: pip install open_clip_torch==3.3.0 ftfy==6.3.1
"""
import html
import json
import sys

import ftfy
from ftfy.badness import is_bad
from open_clip import tokenizer as clip

WESTERN = [
    "Un café à la crème", "Voilà l'été à la plage", "château près de l'étang gelé", "une fête d'anniversaire à Noël", "garçon jouant à cache-cache",
    "Straße in München", "Grüße aus Österreich", "ein Mädchen mit schönen Äpfeln", "zwölf Boxkämpfer jagen Viktor", "El niño pequeño come jalapeños",
    "¿Dónde está la biblioteca?", "¡Feliz cumpleaños, señorita!", "corazón de melón", "São Paulo à noite", "coração e pão de açúcar", "às três da manhã",
    "uma maçã não é um limão", "perché la città è così bella", "lunedì mattina, caffè macchiato", "smørrebrød på bordet", "blåbær og rødgrød med fløde",
    "en räksmörgås på ön", "yö järvellä, mökki ja sauna", "Þingvellir á Íslandi", "Ærø ferry", "crème brûlée 5 €", "naïve façade", "30 °C in the shade",
    "½ cup of sugar", "£20 sale", "© 2019 Müller & Söhne", "10 × 15 cm print", "The “best” café — really…", "it’s a dog’s life", "‘single’ quotes",
    "• first • second", "Coca‑Cola™ sign", "piñata", "l’œuvre d’art", "cœur brisé",
]
CENTRAL = [
    "Zażółć gęślą jaźń", "kot śpi na łóżku", "Kraków, Łódź i Gdańsk", "źrebię na łące", "Příliš žluťoučký kůň", "šťastné děti", "Česká republika",
    "Magyarország télen", "árvíztűrő tükörfúrógép", "őszi erdő", "România în iarnă", "București, țară și oraș", "ljubičasta čaša", "Đorđe i Žarko",
    "İstanbul'da güneşli bir gün", "çay ve şeker", "küçük kedi ağaçta", "Vilniaus gatvė žiemą", "šuo ant žolės", "Rīgas vecpilsēta", "kaķis uz jumta",
    "õun ja jäätis", "Tiếng Việt", "phở bò Hà Nội", "đường phố Sài Gòn",
]
OTHER = [
    "Привет, мир", "кошка на диване", "Красная площадь зимой", "ёжик в тумане", "Київ влітку", "їжак і ґанок", "София, България", "Београд ноћу",
    "Καλημέρα κόσμε", "η γάτα στον καναπέ", "Ακρόπολη, Αθήνα", "חתול על הספה", "שלום", "قطة على الأريكة", "السلام عليكم", "سلام دنیا",
    "बिल्ली सो रही है", "নমস্কার", "தமிழ்", "แมวนอนบนโซฟา", "猫が座っている", "東京タワー", "ラーメン", "北京的冬天", "一只黑猫", "高雄夜市", "고양이 사진", "서울의 봄",
    "😀 smile", "I ❤️ NY", "party 🎉🎂", "👍🏽 ok", "👨‍👩‍👧 family", "🇫🇷 Paris", "✔ done", "★★★☆☆", "5 → 6", "№ 7", "“日本” – 2020",
]
ALL = WESTERN + CENTRAL + OTHER
# Captions without mojibake.
RIGHT = [
    "ÀÁÂÃÄÅ capital letters", "Ã is a letter", "NÃO PODE", "PÃO E MAÇÃ", "São João", "IRMÃ", "ALEMANHA E ROMÊNIA", "PÂTÉ EN CROÛTE", "À la carte", "à la mode",
    "Ångström", "Å i åa ä e ö", "50 ¢ or £3", "5¥ coin", "¤ currency sign", "¿Qué? ¡No!", "«guillemets»", "»reversed«", "„low“ quotes", "‚a‘ and ›b‹",
    "10²³ and 5³", "×2 ÷3 ±1", "½ + ¼ = ¾", "µm and Ω", "§ 5 ¶ 2", "® and ™ and ©", "ACME®", "Zoë™", "naïve® café™", "20 °C – 25 °C", "Nº 5 and 1ª",
    "(╯°□°）╯︵ ┻━┻", "ʕ•ᴥ•ʔ", "¯\\_(ツ)_/¯", "Ò_Ó", "ô_ô", "(ಠ_ಠ)", "┌─┐│x│└─┘", "█████ 50%", "░▒▓", "∞ ≠ ≤ ≥ ≈", "√2 ≈ 1.41", "∂f/∂x", "∑∏∫",
    "œuvre", "Œuvres complètes", "bœuf", "ſtrange ſpelling", "ﬁne ﬂow", "ßtraße", "GROẞ", "İzmir", "ığdır", "ÇAĞDAŞ", "ŞİŞLİ", "ŁÓDŹ", "ŻÓŁĆ", "ŘEŘICHA",
    "ŽLUŤOUČKÝ", "ĐĐĐ", "Ő Ű", "ŅĢĶĻ", "ĀĒĪŌŪ", "ВГРС", "СССР", "ГОСТ Р 50779", "В. В. Р. С.", "Рћ", "РОССИЯ", "ЂЋЏ", "ѓѕј", "ΒΓΞΟ", "ΑΘΗΝΑ", "ΆΈΉΊΌΎΏ",
    "Ξένος", "ΠΡΟΪΟΝΤΑ", "Việt Nam", "ẤẦẨẪẬ", "ƒ-stop", "ƒ/2.8 † ‡", "˜tilde ˆhat", "a…b–c—d", "’twas ‘so’", "rock ’n’ roll", "“”‘’", "…", "†", "×", "Ø", "Øre",
    "Ù", "Þór", "ð", "Êtes-vous là ?", "Été à Nîmes", "« Où ça ? »", "Hôtel  Île-de-France", "prix : 5 €", "€5", "5€", "à€", "£é", "日本語", "한국어", "中文", "ไทย",
    "עברית", "العربية", "हिन्दी", "😀", "👩‍🚀", "→", "✓", "☃", "♥", "A\u0308rger", "e\u0301te\u0301", "\ufffd", "100\ufffd", "caf\ufffd", "c\u00adooperate", "a\u00a0b",
]
# Mojibake at which ftfy fails, or of which it cannot know.
BEYOND = [
    "caf? au lait", "caf\ufffd\ufffd", "Êëèíèêà", "Ïðèâåò, ìèð", "Ðóññêèé ÿçûê", "ÃÒÈÒ", "ëàòèíèöà", "ÄÐÓÆÁÀ", "¸æèê", "ÊÎØÊÀ", "ƒ|ƒXƒgƒJ[ƒh", "“Œ‹ž", "ÖÐÎÄ", "Äãºà", "ÈÕ±¾Óï",
    "°í¾çÀÌ", "ÇÑ±¹¾î", "Ã¡Ã", "Ã", "Â", "caf├ - cut", "Ð¿Ñ€Ð¸Ð²Ðµ? Ð", "и…ћ", "¤¤¤å", "Îņė", "╨░", "ö÷øù", "Ćwierć Ă", "√© alone √", "à¸ à¸",
]


def read(text, encoding, errors="strict"):
    return text.encode().decode(encoding, errors)


def western(text):
    return read(text, "sloppy-windows-1252")


def ways():
    """(right caption, what became of it) for all the ways."""
    for text in ALL:
        yield text, western(text)
    for i, text in enumerate(ALL):
        yield text, read(text, ["latin-1", "sloppy-windows-1251", "macroman", "cp437", "sloppy-windows-1250"][i % 5])
        if i % 2 == 0:
            yield text, read(text, ["sloppy-windows-1253", "sloppy-windows-1254", "sloppy-windows-1257", "iso-8859-2"][i // 2 % 4])
        if i % 3 == 0:
            yield text, western(western(text))
        if i % 7 == 0:
            yield text, western(western(western(text)))
        if i % 5 == 0:
            yield text, read(western(text), ["latin-1", "sloppy-windows-1251", "macroman"][i // 5 % 3])
        # What Windows-1252 leaves unassigned is lost, or becomes a question mark.
        if i % 2 == 1:
            yield text, read(text, "cp1252", "replace")
        if i % 4 == 1:
            yield text, read(text, "cp1252", "replace").replace("\ufffd", "?")
        if i % 3 == 1:
            yield text, western(text).replace("\xa0", " ")
        if i % 6 == 2:
            yield text, western(text).lower()
        if i % 6 == 5:
            yield text, western(text).upper()
        if i % 3 == 2:
            yield text, "photo of " + western(text) + ", " + ALL[(i * 7 + 3) % len(ALL)]
        if i % 5 == 3:
            yield text, html.escape(western(text)).encode("ascii", "xmlcharrefreplace").decode()
        if i % 5 == 4:
            yield text, "".join("&%s;" % html.entities.codepoint2name.get(ord(c)) if ord(c) in html.entities.codepoint2name else c for c in western(text))
        if i % 8 == 3:
            yield text, western(text)[:-1]
        if i % 8 == 7:
            yield text, "line one\n" + western(text) + "\r\nlast <b>line</b> " + western("é")


def case(tokenizer, text):
    cleaned = clip.whitespace_clean(clip.basic_clean(text))
    tokens = tokenizer(text)[0].tolist()
    while tokens[-1] == 0:
        tokens.pop()
    one = {"text": text, "tokens": tokens}
    if cleaned != text:
        one["clean"] = cleaned
    if is_bad(cleaned):
        one["bad"] = True
    return one


def is_repaired(text):
    return ftfy.fix_text(text) != ftfy.fix_text(text, fix_encoding=False)


def main():
    tokenizer = clip.SimpleTokenizer()
    texts = list(dict.fromkeys(text for right, text in ways() if text != right))
    groups = {
        "repaired": [text for text in texts if is_repaired(text)],
        "beyond": [text for text in texts if not is_repaired(text) and not text.isascii()][::2] + BEYOND,
        "right": list(dict.fromkeys(RIGHT + ALL)),
    }
    with open(sys.argv[1], "w", encoding="ascii") as file:
        file.write("{\n" + ",\n".join('"%s": [\n%s\n]' % (name, ",\n".join(json.dumps(case(tokenizer, text)) for text in members))
                                      for name, members in groups.items()) + "\n}\n")
    print({name: len(members) for name, members in groups.items()}, "of which bad:",
          {name: sum(is_bad(ftfy.fix_text(t)) for t in members) for name, members in groups.items()})


if __name__ == "__main__":
    main()
