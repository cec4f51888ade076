#!/usr/bin/env python3
"""Makes one small image per EXIF orientation and format, and expected.json with PIL's ImageOps.exif_transpose of the pixels.

Run in this folder with Pillow; it writes o<1-8>.{png,jpg,webp}, none.jpg and expected.json.
"""
import json

from PIL import Image, ImageOps

WIDTH, HEIGHT = 5, 3


def main():
    image = Image.new("RGB", (WIDTH, HEIGHT))
    image.putdata([(40 * x, 60 * y, 11 * x + 7 * y) for y in range(HEIGHT) for x in range(WIDTH)])
    expected = []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010F] = "a maker"
        exif[0x0112] = orientation
        for extension, options in (("png", {}), ("jpg", {"quality": 90}), ("webp", {"lossless": True})):
            image.save(f"o{orientation}.{extension}", exif=exif, **options)
        upright = ImageOps.exif_transpose(Image.open(f"o{orientation}.png"))
        expected.append({
            "orientation": orientation,
            "width": upright.width,
            "height": upright.height,
            "pixels": [v for pixel in upright.getdata() for v in pixel],
        })
    image.save("none.jpg")
    with open("expected.json", "w", encoding="utf-8") as file:
        json.dump(expected, file)
        file.write("\n")


if __name__ == "__main__":
    main()
