"""What Markdown pages hold that can be run or parsed: blocks of code, and code between backticks. Standard library alone."""

import dataclasses
import re


@dataclasses.dataclass
class Code:
    """Text of a page that is set as code."""
    place: str      # page:line
    text: str
    kind: str       # "block" or "inline"
    language: str   # of a fenced block: yaml, json, bash …; else empty


def codes_of(page, name):
    """All code of a page in its order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found = []
    prose = []  # (line number, text), with code blocks left out
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = re.match(r"```(\w*)\s*$", line)
        if fence:
            end = next(i for i in range(at + 1, len(lines)) if lines[i].startswith("```"))
            found.append(Code(f"{name}:{at + 2}", "\n".join(lines[at + 1:end]), "block", fence[1]))
            at = end + 1
            prose.append((at, ""))
        elif line.startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            end = at
            while end < len(lines) and lines[end].startswith("    "):
                end += 1
            found.append(Code(f"{name}:{at + 1}", "\n".join(text[4:] for text in lines[at:end]), "block", ""))
            at = end
            prose.append((at, ""))
        else:
            prose.append((at + 1, line))
            at += 1
    # Code between backticks may go on in the next line, but not past a paragraph.
    text, starts = "", []
    for number, line in prose:
        starts.append((len(text), number))
        text += (line.strip() or "\0") + "\n"
    for match in re.finditer(r"`([^`\0]+)`", text):
        number = max(number for start, number in starts if start <= match.start())
        found.append(Code(f"{name}:{number}", " ".join(match[1].split()), "inline", ""))
    return sorted(found, key=lambda code: int(code.place.rsplit(":", 1)[1]))


def commands_of(block):
    """The commands of a block, one a line, without comments; a line that ends with a backslash goes on."""
    joined = re.sub(r"\\\n\s*", "", block)
    return [command for line in joined.splitlines() if (command := re.sub(r"(^|\s+)# .*$", "", line).strip())]


def variants_of(command):
    """A synopsis as commands that can be typed: with none and with all of its [optional parts], each of a|b|c once."""
    if not re.search(r"(?<!\S)\[", command):
        plain = [command]
    else:
        without = re.sub(r"\s*(?<!\S)\[[^\]]*\]", "", command)
        plain = [without, re.sub(r"(?<!\S)\[([^\]]*)\]", r"\1", command)]
    found = []
    for text in plain:
        text = re.sub(r"\s*…", "", text)
        choice = re.search(r"(?<![\w|])\w+(\|\w+)+(?![\w|])", text)
        choices = choice[0].split("|") if choice else [""]
        for word in choices:
            typed = text[:choice.start()] + word + text[choice.end():] if choice else text
            if typed not in found:
                found.append(typed)
    return found
