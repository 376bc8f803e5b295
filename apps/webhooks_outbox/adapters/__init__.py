"""How facts leave the house: signatures, HTTP. Plain Python; nothing here knows Django."""
