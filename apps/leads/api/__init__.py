"""Leads, what is done to many of them, their timelines and their forms over the API."""
