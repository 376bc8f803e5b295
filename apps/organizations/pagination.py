"""Lists are paged by cursor: pages do not shift under the reader, and the last page costs what the first does."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """By id, newest first; views with another natural order subclass this."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "-id"
