"""Arabic as our users write figures: Western digits, point and comma as in English. Django's own file for `ar` uses
them the other way round, as in the Maghreb; a tenant's price of 1.234 would then read as a thousand times more."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
