"""Durable jobs against Celery tasks; the sweep among idle tenants."""
