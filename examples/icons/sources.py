"""The icons of two kinds of packages: sets of one style from PyPI, themes of many folders from Debian.

Names of brands and applications cannot be guessed from a picture: Simple Icons, Font Awesome's brands, what is named as a brand or
a logo, and the themes' folders of applications are left out. Links are left out too, since a picture has one name here.
"""

import dataclasses
import hashlib
import importlib.util
import json
import pathlib
import re

THEMES = pathlib.Path("/usr/share/icons")
PICTURES = (".svg", ".svgz", ".png")
# Folders of themes that hold what a name describes.
CONTEXTS = {
    "actions", "categories", "devices", "emblems", "emotes", "mimes", "mimetypes", "notifications", "places", "preferences", "status",
}
# Brands and applications; keyboard layouts by their letters, frames of animations.
NO_NAMES = re.compile(r"brand-|kdenlive-|.*-logo\b|.*distributor|indicator-keyboard-|process-working|.*[_-]anim")


@dataclasses.dataclass(frozen=True)
class Icon:
    source: str        # "papirus"
    style: str         # "bold" of phosphor, "Papirus/places" of a theme
    name: str          # "folder-open"
    file: str          # of the picture; of a sprite, whose symbol is drawn
    symbol: str = ""   # markup, in place of the file
    tags: tuple = ()

    @property
    def key(self):
        return f"{self.source}/{self.style}/{self.name}"


@dataclasses.dataclass(frozen=True)
class Source:
    name: str
    package: str
    role: str           # train: split by name. validation, test: themes that are held out whole
    read: object        # (source, root) -> [Icon]
    module: str = ""    # of a PyPI package
    folder: str = ""    # below the module's folder, or names of themes

    def root(self):
        """Returns the folder that holds the icons; its package is not installed if it does not exist."""
        if not self.module:
            return THEMES / self.folder.split()[0]
        found = importlib.util.find_spec(self.module)
        base = pathlib.Path(found.submodule_search_locations[0]) if found else pathlib.Path(self.module)
        return base / self.folder

    def icons(self):
        """Returns the icons, ordered by their keys, which differ."""
        icons = {icon.key: icon for icon in self.read(self, self.root()) if not NO_NAMES.match(icon.name)}
        return [icons[key] for key in sorted(icons)]


def _largest(found):
    """Returns one icon a key: of {icon: size} the largest, of equal ones the first by path."""
    best = {}
    for icon, size in sorted(found.items(), key=lambda item: item[0].file):
        if icon.key not in best or size > best[icon.key][1]:
            best[icon.key] = (icon, size)
    return [icon for icon, _ in best.values()]


def _material(source, root):
    return [Icon(source.name, "material", file.stem, str(file)) for file in root.glob("*.svg")]


def _font_awesome(source, root):
    return [Icon(source.name, style, file.stem, str(file)) for style in ("solid", "regular") for file in root.glob(f"{style}/*.svg")]


def _octicons(source, root):
    found = {}
    for file in root.glob("*.svg"):
        name, size = file.stem.rsplit("-", 1)
        found[Icon(source.name, "octicons", name, str(file))] = int(size)
    return _largest(found)


def _phosphor(source, root):
    tags = {icon["name"]: tuple(icon["tags"]) for icon in json.loads((root / "search/metadata.json").read_text())}
    icons = []
    for file in root.glob("svgs/flat/*/*.svg"):
        name = file.stem.removesuffix("-" + file.parent.name)
        icons.append(Icon(source.name, file.parent.name, file.stem, str(file), tags=tags.get(name, ())))
    return icons


def _tabler(source, root):
    icons = []
    for sprite, style, attributes in (
        ("tabler-sprite-nostroke.svg", "outline", 'fill="none" stroke="black" stroke-width="2"'),
        ("tabler-sprite-filled.svg", "filled", 'fill="black"'),
    ):
        text = (root / sprite).read_text()
        for name, drawn in re.findall(r'<symbol id="tabler-(?:filled-)?([^"]*)"[^>]*>(.*?)</symbol>', text, re.DOTALL):
            markup = (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" stroke-linecap="round" stroke-linejoin="round" '
                f"{attributes}>{drawn}</svg>"
            )
            icons.append(Icon(source.name, style, name, str(root / sprite), markup))
    return icons


def _size(folder):
    """Returns the pixels of a theme's folder of one size ("48x48", "scalable@2x"), or None for another folder."""
    found = re.fullmatch(r"(\d+)(?:x\d+)?(?:@(\d)x)?", folder)
    if found:
        return int(found[1]) * int(found[2] or 1)
    return {"scalable": 1024, "symbolic": 1}.get(folder)


def _theme(source, root):
    found = {}
    for theme in source.folder.split():
        for file in (root.parent / theme).rglob("*"):
            parts = file.relative_to(root.parent).parts[1:-1]
            contexts = [part for part in parts if part in CONTEXTS]
            sizes = [size for part in parts if (size := _size(part)) is not None]
            if file.suffix not in PICTURES or len(contexts) != 1 or len(sizes) != 1 or file.is_symlink():
                continue
            if any((root.parent / theme).joinpath(*parts[: depth + 1]).is_symlink() for depth in range(len(parts))):
                continue
            found[Icon(source.name, f"{theme}/{contexts[0]}", file.stem, str(file))] = sizes[0]
    return _largest(found)


SOURCES = (
    Source("material", "mkdocs-material", "train", _material, "material", "templates/.icons/material"),
    Source("fontawesome", "mkdocs-material", "train", _font_awesome, "material", "templates/.icons/fontawesome"),
    Source("phosphor", "py-phosphor-icons", "train", _phosphor, "py_phosphor_icons"),
    Source("tabler", "flask-tabler-icons", "train", _tabler, "flask_tabler_icons", "static/tabler_icons"),
    Source("papirus", "papirus-icon-theme", "train", _theme, folder="Papirus"),
    Source("deepin", "deepin-icon-theme", "train", _theme, folder="bloom bloom-classic Vintage Sea"),
    Source("numix", "numix-icon-theme", "train", _theme, folder="Numix"),
    Source("breeze", "breeze-icon-theme", "train", _theme, folder="breeze"),
    Source("faenza", "faenza-icon-theme", "train", _theme, folder="Faenza"),
    Source("faba", "faba-icon-theme", "train", _theme, folder="Faba"),
    Source("suru", "suru-icon-theme", "train", _theme, folder="suru"),
    Source("octicons", "mkdocs-material", "validation", _octicons, "material", "templates/.icons/octicons"),
    Source("mate", "mate-icon-theme", "validation", _theme, folder="mate menta"),
    Source("gnome", "gnome-icon-theme", "validation", _theme, folder="gnome"),
    Source("oxygen", "oxygen-icon-theme", "test", _theme, folder="oxygen"),
    Source("elementary-xfce", "elementary-xfce-icon-theme", "test", _theme, folder="elementary-xfce"),
)


def digest_of(icons):
    """Returns a digest of the icons' names and of the files that they are drawn from."""
    digest = hashlib.sha256()
    for file in sorted({icon.file for icon in icons}):
        digest.update(hashlib.sha256(pathlib.Path(file).read_bytes()).digest())
    for icon in icons:
        digest.update(f"{icon}\n".encode())
    return digest.hexdigest()
