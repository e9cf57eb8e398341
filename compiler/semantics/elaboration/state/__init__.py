"""What the functions of elaboration share: each file has a part of it, ``state.py`` the whole."""
