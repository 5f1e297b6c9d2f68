"""DICOMweb (PS3.18): the server as a store that any viewer can search, read and add to.

``matching`` makes conditions of a query, ``shown`` the answers; ``qido``, ``wado``, ``frames`` and ``stow`` are the
routes. An actor sees here what they see elsewhere, and nothing else. Files themselves are read in ``limner.io``.
"""
