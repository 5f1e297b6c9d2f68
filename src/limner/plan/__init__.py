"""The verb that proposes: from a drawing to needle paths and resections that are argued, in one folder.

It reads a drawing, asks ``scene`` and tells by ``report`` and ``io``; geometry is computed there, not here.
"""
