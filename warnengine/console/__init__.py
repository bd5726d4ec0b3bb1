"""Pages: the official's link; the duty room's and the bureau's boards come here."""
