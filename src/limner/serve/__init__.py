"""The workstation's server: all that Limner knows over HTTP, for people who don't type commands.

HTTP, users, sessions, jobs and the audit log live here and nowhere below. Nothing here computes on images: a route
parses, calls one public function of a room below (or gives the work to a job), and answers.
"""

from __future__ import annotations

from limner.serve.settings import ServeSettings

__all__ = ["ServeSettings"]
