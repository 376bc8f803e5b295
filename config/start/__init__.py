"""Starting everything with one command: the launcher and supervisor behind `make run` and `make test`.

Standard library only: it must run before anything is installed, on any Python from 3.11 on.
What goes wrong here is told in one sentence (`Problem`), never as a traceback.

    reach     servers that somebody else runs: are they there?
    folder    the data folder: writable? locked by us? secrets, remembered ports
    packages  the virtual environment, installed again only when the requirements changed
    postgres  embedded PostgreSQL: where its binaries and its cluster may lie, who runs it
    roles     who we are in it: the owner of our databases, no superuser
    broker    embedded Valkey, append-only
    programs  a child process: how to start it, when it is ready, how it stops
    supervisor  keeps programs alive, stops them in order, clears what a killed supervisor left
    stack     what Frontdesk consists of, and the order
"""
