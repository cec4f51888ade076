"""examples/openclipart/catalog.py, without the packages: captions, splits, caps and classes."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/openclipart"))
import catalog  # noqa: E402

SVG = b"""<svg><metadata id="m"><rdf:RDF><cc:Work rdf:about="">
<dc:title>Big &amp; brown Bear</dc:title>
<dc:subject><rdf:Bag><rdf:li>animal</rdf:li><rdf:li> </rdf:li><rdf:li>bear</rdf:li></rdf:Bag></dc:subject>
<dc:publisher><cc:Agent><dc:title>Open Clip Art Library</dc:title></cc:Agent></dc:publisher>
</cc:Work></rdf:RDF></metadata><g><dc:title>not this</dc:title></g></svg>"""


def drawing(path, title="", content=None):
    content = content or path
    return catalog.Drawing(path, title, path, path.rsplit("/", 1)[0], content, catalog.split_of(content), 1)


class Catalog(unittest.TestCase):
    def test_metadata_gives_the_first_title_and_the_keywords(self):
        self.assertEqual(catalog.read_metadata(SVG), ("Big & brown Bear", ["animal", "bear"]))
        self.assertEqual(catalog.read_metadata(b"<svg/>"), ("", []))

    def test_captions_hold_each_word_once_in_order(self):
        caption = catalog.make_caption("brown_bear_01", "Big & brown Bear", ["animal", "bear"])
        self.assertEqual(caption, "brown bear big animal")
        self.assertEqual(catalog.make_caption("14", "", []), "14")

    def test_a_split_is_a_function_of_the_content_and_has_its_share(self):
        splits = [catalog.split_of(str(i)) for i in range(20000)]
        self.assertEqual(splits, [catalog.split_of(str(i)) for i in range(20000)])
        self.assertAlmostEqual(splits.count("test") / 20000, catalog.TEST_PERCENT / 100, delta=0.01)
        self.assertAlmostEqual(splits.count("validation") / 20000, catalog.VALIDATION_PERCENT / 100, delta=0.01)

    def test_a_capped_title_keeps_its_cap_and_others_stay(self):
        stars = [drawing(f"shapes/star{i}", "gramastar") for i in range(400)]
        others = [drawing(f"shapes/other{i}", "other") for i in range(5)]
        kept = catalog.apply_title_caps(stars + others)
        self.assertEqual(len(kept), catalog.TITLE_CAPS["gramastar"] + 5)
        self.assertEqual(kept, catalog.apply_title_caps(stars + others))

    def test_fine_classes_need_their_members_and_are_named_by_two_parts(self):
        bears = [drawing(f"animals/mammals/big_bears/{i}") for i in range(catalog.FINE_FOLDER_MEMBERS)]
        few = [drawing(f"food/{i}") for i in range(catalog.FINE_FOLDER_MEMBERS - 1)]
        classes = catalog.fine_classes(bears + few)
        self.assertEqual(set(classes.values()), {"big bears mammals"})
        self.assertEqual(len(classes), len(bears))
        self.assertEqual(set(catalog.top_classes(bears + few).values()), {"animals", "food"})


if __name__ == "__main__":
    unittest.main()
