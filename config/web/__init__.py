"""The one way in: an asynchronous front that takes whole requests only, and threads behind it that work on them.

    granian (Rust)   headers within HEADERS_WITHIN, idle connections closed; answers are sent without a thread
    front.py         by address: which kind of request this is, how large it may be, whether there is room
    bodies.py        the body: size, and a pace that it must keep
    pages.py         Django in threads, a pool per kind
    __main__.py      `python -m config.web`: processes, ports, limits

Nothing slow from outside ever holds a thread, so trickling connections cost a socket each and nobody anything else.
"""
