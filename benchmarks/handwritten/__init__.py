"""Search networks written by hand, straight from the papers: what compiled supernets are measured against.

They compute edge by edge, as published search code does, and import nothing of stdsl.
"""
