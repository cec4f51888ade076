"""Pictures that were drawn once, in a file, with a digest of what they were drawn from."""

import os
import zipfile

import numpy


def cached(file, digest, draw):
    """Returns {key: bytes} of a file that was made from the same input, else what `draw` returns, which is put there.

    Keys are all numbers or all texts. A file that is damaged is made again.
    """
    try:
        with open(file, "rb") as opened, numpy.load(opened) as kept:
            if str(kept["digest"]) == digest:
                pictures, ends = kept["pictures"].tobytes(), kept["ends"].tolist()
                return {key: pictures[begin:end] for key, begin, end in zip(kept["keys"].tolist(), [0, *ends], ends)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass  # none, or not a whole one
    drawn = draw()
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{os.getpid()}.{file.name}")
    numpy.savez(
        temporary,
        digest=digest,
        keys=numpy.array(list(drawn)),
        ends=numpy.cumsum([len(picture) for picture in drawn.values()], dtype=numpy.int64),
        pictures=numpy.frombuffer(b"".join(drawn.values()), dtype=numpy.uint8),
    )
    os.replace(temporary, file)
    return drawn
