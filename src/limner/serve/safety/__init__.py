"""Who may do what, and how it is kept so: passwords, sessions, tokens, limits, headers, and access to each object."""
