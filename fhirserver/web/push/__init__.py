"""Live updates: what has changed, told to browsers as it happens (server-sent events).

    source.py       the change log, step by step, and what a caller may hear of it
    wanted.py       what a listener asked for
    listener.py     one connection: what waits for it, and when it ends
    hub.py          one poll for all connections
    replaying.py    what a listener missed that comes again
    sockets.py      websockets of subscriptions
    application.py  the ASGI application: addresses, headers, errors

A listener is told types, ids, versions and methods, and reads the rest through FHIR. Connections
are coroutines, so thousands of idle ones take no threads; the database is asked by a few threads.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""
