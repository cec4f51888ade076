"""Writes TorchScript files for the scripts that make golden files. Run with PYTHONHASHSEED=0 to get the same bytes again."""
import hashlib
import zipfile


def without_debug(file):
    """Without the debug records, which hold paths of the machine, and the random serialization id."""
    with zipfile.ZipFile(file) as archive:
        records = [(entry, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for entry, content in records:
            if not entry.filename.endswith((".debug_pkl", "serialization_id")):
                archive.writestr(zipfile.ZipInfo(entry.filename), content)


def save(module, file):
    module.save(file)
    without_debug(file)


def sha256(file):
    with open(file, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()
