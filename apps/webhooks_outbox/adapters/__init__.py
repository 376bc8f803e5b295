"""How facts leave the house: addresses, signatures, HTTP. Plain Python; nothing here knows Django."""
