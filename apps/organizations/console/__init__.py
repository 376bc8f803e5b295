"""The agency's console as a place: its site, its overview, its words, and what holds there alone.

Its pages are made in `admin/`, one file per subject; what its verbs take stands in actors.CONSOLE.
"""
