"""The cell index: finds vectors near a question among millions, from files that are read in part.

Vectors are kept as bytes, in cells around centres that k-means found; a question looks into the
cells whose centres are nearest to it. It proposes candidates: the caller compares those with the
catalog's own vectors. Derived from the catalog, and made anew from it without embedding.

    centres.py  k-means and which centre is nearest
    codes.py    vectors as bytes
    words.py    words said in very many chunks, and the vocabulary
    folder.py   the files, which store they belong to, whether they are whole
    making.py   makes them from a catalog
    index.py    asks them
    keeping.py  keeps them in step with a catalog
"""
