"""Tenants and the people who work in them: everything in the public schema that is not a job."""
