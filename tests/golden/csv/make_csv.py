#!/usr/bin/env python3
"""Writes cases.json: tables as text and their fields as pandas reads them (as OpenCLIP does, but without NaN conversion).

Run in this folder with pandas.
"""
import io
import json

import pandas

CASES = [
    ("\t", "filepath\ttitle\na.jpg\ta cat\nb.jpg\ta dog\n"),
    ("\t", "filepath\ttitle\r\na.jpg\ta cat\r\nb.jpg\ta dog"),
    ("\t", "filepath\ttitle\ra.jpg\ta cat\r"),
    (",", 'filepath,title\na.jpg,"a cat, black"\nb.jpg,"says ""hi"" twice"\n'),
    (",", 'filepath,title\na.jpg,"two\nlines"\n\n\nb.jpg,after blank lines\n'),
    (",", 'filepath,title\na.jpg,quote "inside" a field\nb.jpg,"closed" and more\n'),
    (",", '\ufefffilepath,title\n"a.jpg",""\nb.jpg,\n'),
    (";", "filepath;title\nü.jpg;Straße; \n".replace("; ", "")),
    (",", "filepath,title\na.jpg, spaces stay \n   \nb.jpg,NA\n"),
    (",", 'filepath,title\na.jpg,"comma, and\r\nCRLF inside"\r\nb.jpg,x\r\n'),
]


def main():
    cases = []
    for separator, text in CASES:
        data = text.encode("utf-8")
        frame = pandas.read_csv(io.BytesIO(data), sep=separator, dtype=str, keep_default_na=False)
        rows = [list(frame.columns)] + frame.values.tolist()
        cases.append({"separator": separator, "text": data.decode("utf-8"), "rows": rows})
    with open("cases.json", "w", encoding="utf-8") as file:
        json.dump(cases, file, indent=1, ensure_ascii=True)
        file.write("\n")


if __name__ == "__main__":
    main()
