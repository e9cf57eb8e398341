"""Random texts of spaces: pieces that each show some constructs of the language, and what puts them together.

Every piece is a function of a :class:`writer.Writer` that gives an expression for a tensor of the shape that is wanted
at this point. Pieces may stand in the body of a meta, of a cell, and of a cell in a cell.
"""
