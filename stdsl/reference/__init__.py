"""The reference for authors of libraries, written from the operator registry, the library's files and the schemas.

``python -m stdsl.reference FOLDER`` writes one Markdown file a topic; nothing in them is written by hand.
"""
