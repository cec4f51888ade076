#!/usr/bin/env python3
"""Makes small images with and without transparency for `data import --background white`. Run in this folder with Pillow."""
from PIL import Image

WIDTH, HEIGHT = 6, 5


def main():
    rgb = Image.new("RGB", (WIDTH, HEIGHT))
    rgb.putdata([(30 * x, 50 * y, 200 - 10 * x) for y in range(HEIGHT) for x in range(WIDTH)])
    alpha = Image.new("L", (WIDTH, HEIGHT))
    alpha.putdata([(40 * x + 11 * y) % 256 for y in range(HEIGHT) for x in range(WIDTH)])
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    rgba.save("rgba.png")
    rgba.save("rgba.webp", lossless=True, exact=True)
    grey = rgb.convert("L")
    grey.putalpha(alpha)
    grey.save("grey_alpha.png")
    palette = rgb.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    palette.save("palette_transparent.png", transparency=0)
    opaque = rgb.copy()
    opaque.putalpha(255)
    opaque.save("opaque_rgba.png")
    rgb.save("rgb.png")
    rgb.save("rgb.webp", lossless=True)


if __name__ == "__main__":
    main()
