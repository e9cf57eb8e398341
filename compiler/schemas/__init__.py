"""Schemas of all settings: strategies, searches, data sets.

Free of torch; the runtime registers its implementations against them.
"""
